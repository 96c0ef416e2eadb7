import { listAt, type Members, membersAt, numberAt, textAt } from '../answer.js'
import { type Api, openApi } from '../call-operation.js'
import { pages } from '../pages.js'
import type { Connection } from '../settings.js'

/** Secrets are of another product of the API, at the same address. */
const VERSION = '2019-06-01'
const PAGE = 100

export interface Secret {
  readonly name: string
  readonly description: string
  readonly version: number
  readonly created: string
  readonly updated: string
  readonly updatedBy: string
}

export const openSecrets = (connection: Connection): Api => openApi(connection, VERSION)

const secretOf = (members: Members): Secret => ({
  name: textAt(members, 'Name'),
  description: textAt(members, 'Description'),
  version: numberAt(members, 'ParameterVersion'),
  created: textAt(members, 'CreatedDate'),
  updated: textAt(members, 'UpdatedDate'),
  updatedBy: textAt(members, 'UpdatedBy'),
})

/** By name. */
export const listSecrets = async (api: Api): Promise<readonly Secret[]> => {
  const secrets: Secret[] = []
  for await (const page of pages(api, 'ListSecretParameters', [], PAGE)) {
    secrets.push(...listAt(page, 'Parameters').map(secretOf))
  }
  return secrets.toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

/** Sets a secret, whether it is there or not. */
export const setSecret = async (
  api: Api,
  name: string,
  value: string,
  description: string | undefined,
): Promise<Secret> => {
  const parameters = [
    ['Name', name],
    ['Value', value],
    ...(description === undefined ? [] : [['Description', description] as const]),
  ] as const
  const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
  const answer = await api.call('UpdateSecretParameter', parameters).catch((error: unknown) => {
    if (codeOf(error) !== 'EntityNotExists.Parameter') throw error
    return api.call('CreateSecretParameter', parameters)
  })
  return secretOf(membersAt(answer, 'Parameter'))
}
