import { constants, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { openBroker, openEventLog } from '../adapters.ts'
import { parseDuration } from '../durations.ts'
import { readSet } from '../roles/read-set.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'
import { whenAvailable } from '../when-available.ts'

const FIRST_EVENTS_POLL_MS = 10_000

interface Flags {
  readonly once?: boolean
  readonly every?: number
  readonly cold?: boolean
  readonly home?: string
}

export function trainCommand(): Command {
  return new Command('train')
    .description('trains models from the event log and publishes them as a release; `start` does so by itself')
    .option('--once', 'one release, and no more (the default)')
    .option('--every <time>', 'a release so often, as 90s, 10m or 2h', duration)
    .option('--cold', 'from nothing, and not from the release in service')
    .option('--home <dir>', 'where the embedded log, the event log and the releases are kept')
    .action(async ({ once, every, cold = false, home }: Flags) => {
      if (once && every) throw new TributaryError('BAD_USAGE', 'give --once or --every, not both')
      await trainAgainAndAgain({ home }, every, cold)
      process.exit()
    })
}

async function trainAgainAndAgain(flags: { home?: string | undefined }, every: number | undefined, cold: boolean) {
  // Threads have the priority of who starts them, and TensorFlow's are still to come: whoever answers requests goes first.
  setPriority(constants.priority.PRIORITY_LOW)
  // Nobody but who trains loads TensorFlow.js.
  const { LEAST_EVENTS, train } = await import('../roles/train.ts')
  const config = loadConfig(flags as Record<string, string>)
  const signal = stopSignal()
  const terminal = openTerminal()
  const [onProgress, onMessage] = [terminal.status, terminal.line]
  const log = await openEventLog(config)
  const broker = await whenAvailable(() => openBroker(config), signal)
  await whenAvailable(() => log.migrate(), signal)
  try {
    for (;;) {
      const begun = performance.now()
      terminal.status('reading the event log')
      const set = await whenAvailable(() => readSet({ log, broker }, config, signal), signal)
      terminal.line(`${set.item.length} events of ${set.userIds.length} users, ${set.itemIds.length} items.`)
      await train(set, { config, broker, signal, cold, onProgress, onMessage })
      if (every === undefined) return
      // Started together with the stream, it need not wait so long for the first events.
      const waitMs = set.item.length < LEAST_EVENTS ? Math.min(every, FIRST_EVENTS_POLL_MS) : every
      await delay(Math.max(0, waitMs - (performance.now() - begun)), undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
    terminal.line('Stopped; what was finished is taken up again by the next run.')
  } finally {
    terminal.end()
    await broker.close()
    await log.close()
  }
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('A time as 90s, 10m or 2h is needed.')
  return ms
}
