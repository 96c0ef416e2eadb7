import { actorOf } from '../access/audit.js'
import type { Scope } from '../access/scope.js'
import type { Clock } from '../clock.js'
import type { PublicCommands } from '../commands/public-commands.js'
import { Fault, someOf } from '../faults.js'
import type { Tag, TaggedResource } from '../tags.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { tagPairs } from './tag-pairs.js'
import type { Rows, Tagging } from './tagging.js'

/** Tags that one resource carries (api.md §13). */
export const MOST_TAGS = 20
/** Rows of one answer; the vendor publishes no number (api.md §2.2). */
const PAGE = 50

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly publicCommands: PublicCommands
}

/** The verbs of tags on what is there already. */
export const tagResources = ({ stores, clock, publicCommands }: Parts): Tagging => {
  const audit = (
    w: Writing,
    scope: Scope,
    action: string,
    resourceIds: readonly string[],
    detail: Readonly<Record<string, string | number>>,
  ): void => {
    const at = clock.now()
    for (const subject of resourceIds) w.audit({ ...scope, at, actor: actorOf(scope), action, subject, detail })
  }

  /** Public commands are everybody's: nobody's tags are on them. */
  const checkTaggable = (kind: TaggedResource, resourceIds: readonly string[]): void => {
    if (kind === 'command' && resourceIds.some((id) => publicCommands.find(id) !== undefined))
      throw new Fault('resource/not-taggable')
  }

  /** All of them, or the fault. */
  const hold = async (
    w: Writing,
    scope: Scope,
    kind: TaggedResource,
    resourceIds: readonly string[],
  ): Promise<void> => {
    checkFound(kind, resourceIds, await w.tags.existing(scope, kind, resourceIds))
  }

  const checkNamed = async (
    scope: Scope,
    kind: TaggedResource | undefined,
    resourceIds: readonly string[] | undefined,
  ): Promise<void> => {
    if (resourceIds === undefined) return
    if (kind === undefined) throw new Fault('resource/not-found')
    checkTaggable(kind, resourceIds)
    checkFound(kind, resourceIds, await stores.read.tags.existing(scope, kind, resourceIds))
  }

  return {
    async tag(scope, kind, resourceIds, tags) {
      if (kind === undefined) throw new Fault('resource/not-found')
      checkTaggable(kind, resourceIds)
      await stores.write(async (w) => {
        await hold(w, scope, kind, resourceIds)
        for (const had of (await w.tags.of(kind, resourceIds)).values()) checkTogether(had, tags)
        checkTogether([], tags)
        await w.tags.put(scope, kind, resourceIds, tags)
        audit(w, scope, 'TagResources', resourceIds, { kind, tags: tags.length })
      })
    },

    async untag(scope, kind, resourceIds, keys) {
      if (kind === undefined) throw new Fault('resource/not-found')
      checkTaggable(kind, resourceIds)
      await stores.write(async (w) => {
        await hold(w, scope, kind, resourceIds)
        await w.tags.remove(kind, resourceIds, keys)
        audit(w, scope, 'UntagResources', resourceIds, { kind, tags: keys?.length ?? 'all' })
      })
    },

    async list(scope, kind, filter, cursor) {
      await checkNamed(scope, kind, filter.resourceIds)
      if (kind === undefined) return { items: [] }
      const after = cursor === undefined ? undefined : readCursor(cursor)
      const rows = await stores.read.tags.list(scope, kind, filter, after, PAGE + 1)
      return pageOf(rows, ({ resourceId, key }) => `${resourceId}\n${key}`)
    },

    async listGroups(scope, kind, filter, cursor) {
      await checkNamed(scope, kind, filter.resourceIds)
      if (kind === undefined) return { items: [] }
      const rows = await stores.read.tags.groups(scope, kind, filter, cursor ?? '', PAGE + 1)
      return pageOf(rows, ({ resourceId }) => resourceId)
    },

    pairs: (scope, filter, page) => tagPairs(stores.read.tags, scope, filter, page),
  }
}

const checkFound = (kind: TaggedResource, resourceIds: readonly string[], existing: ReadonlySet<string>): void => {
  const missing = resourceIds.filter((id) => !existing.has(id))
  if (missing.length > 0)
    throw new Fault('resource/not-found', [], { detail: `There is no ${kind} ${someOf(missing)}.` })
}

/** Keys of one resource are told apart without regard to case, unless it was made with such (api/catalog.json). */
const checkTogether = (had: readonly Tag[], added: readonly Tag[]): void => {
  const keys = new Map(had.map(({ key }) => [key.toLowerCase(), key]))
  const exact = new Set(had.map(({ key }) => key))
  for (const { key } of added) {
    if (exact.has(key)) continue
    if (keys.has(key.toLowerCase())) throw new Fault('tag/key-differs-in-case')
    keys.set(key.toLowerCase(), key)
    exact.add(key)
  }
  if (exact.size > MOST_TAGS) throw new Fault('tag/too-many')
}

const readCursor = (cursor: string): { resourceId: string; key: string } => {
  const end = cursor.indexOf('\n')
  return { resourceId: cursor.slice(0, end), key: cursor.slice(end + 1) }
}

const pageOf = <T>(rows: readonly T[], cursorOf: (row: T) => string): Rows<T> => {
  const items = rows.slice(0, PAGE)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > PAGE && last !== undefined ? cursorOf(last) : undefined }
}
