// An agent that says anything about anything (design D13): only the server's own numbers must stay facts.
import type { Report } from '../../src/server/domain/invocations/agent-tasks.js'
import type { Chance } from '../load/random.js'
import type { ModelHost } from './model-host.js'
import type { Stage } from './stage.js'

const KINDS = [
  'running',
  'finish',
  'timeout',
  'stopped',
  'unknown',
  'completed',
  'error',
  'exists',
  'invalid',
  'verified',
] as const

export const lie = async (stage: Stage, host: ModelHost, chance: Chance): Promise<void> => {
  const mine = stage.invocations.filter(({ tasks }) => tasks.some((task) => task.host === host))
  const chosen = chance.chance(0.9) ? mine.slice(-12) : stage.invocations.slice(-12)
  const taskId = chosen.length === 0 ? 't-nothing' : chance.pick(chosen).id
  const kind = chance.pick(KINDS)
  const raw = chance.pick([
    0,
    host.clock(stage.time),
    host.clock(stage.time) - chance.between(0, 200_000),
    chance.between(0, 2 ** 50),
  ])
  const ended = {
    taskId,
    run: raw,
    startedAt: raw,
    endedAt: chance.pick([0, stage.now(), 8_640_000_000_000_000]),
    dropped: chance.pick([0, 0, 1_000, Number.MAX_SAFE_INTEGER]),
    output: chance.bytes(chance.between(0, 60)),
  }
  const exitCode = chance.pick([0, 1, -1, 255])
  const report: Report =
    kind === 'running'
      ? { kind, taskId, run: raw, startedAt: raw, output: ended.output }
      : kind === 'finish'
        ? { ...ended, kind, exitCode }
        : kind === 'timeout'
          ? { ...ended, kind }
          : kind === 'verified'
            ? { kind, taskId }
            : kind === 'invalid'
              ? {
                  kind,
                  taskId,
                  param: chance.pick(['cron', 'workingDirectory', 'TypeInvalid', 'x']),
                  value: chance.pick(['AtExpressionExpired', 'CronExpressionExpired', 'y']),
                }
              : kind === 'error' || kind === 'exists'
                ? { ...ended, kind: 'error', exitCode: 1, errCode: kind === 'exists' ? '-9' : '13', errDesc: 'x' }
                : {
                    ...ended,
                    kind: 'stopped',
                    ...(kind === 'unknown' ? { startedAt: 0, run: 0 } : {}),
                    result: kind === 'completed' ? 'completed' : 'killed',
                  }
  if (!(await stage.speak(host))) return
  await stage.world.parts.tasks.report(host.id, report)
  stage.say(`lies: ${kind} of ${taskId}`, host)
}
