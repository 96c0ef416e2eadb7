import { SCOPE, type World } from '../_support.js'
import type { OsType } from '../fleet/instances.js'

/** A host of a system, whose agent was heard just now. */
export const newInstance = async (world: World, osType: OsType, agentVersion = '2.1.3.578'): Promise<string> => {
  const instanceId = `i-${osType.toLowerCase()}-${agentVersion}`
  await world.parts.stores.write((w) =>
    w.instances.add({
      scope: SCOPE,
      instanceId,
      osType,
      agentVersion,
      instanceName: '',
      hostname: '',
      osVersion: '',
      machineId: '',
      publicKey: '',
      activationId: '',
      intranetIp: '',
      internetIp: '',
      resourceGroupId: '',
      registeredAt: world.now(),
      tags: [],
    }),
  )
  world.parts.presence.admit(instanceId, world.now(), 'seed')
  return instanceId
}
