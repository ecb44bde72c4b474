import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { ProblemList } from '../../producers/datasets/problem-list.ts'
import { parseTime } from '../../producers/datasets/time.ts'
import { parseSpeed } from '../../producers/pacing.ts'
import { formatCount, formatProgress } from '../../producers/progress.ts'
import { replay } from '../../producers/replay.ts'
import { openBroker } from '../adapters.ts'
import { wholeNumber } from '../numbers.ts'
import { openData } from '../roles/replay.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'
import { whenAvailable } from '../when-available.ts'

export function replayCommand(): Command {
  return new Command('replay')
    .description('produces a data set as a stream; started again, it goes on where it was')
    .option('--data <name|path>', 'ml-1m, ml-100k, synthetic, a folder or a CSV file', 'ml-1m')
    .option('--speed <speed>', 'stream time per wall time: 1x, 100x, max', 'max')
    .option('--from <time>', 'from this event time on', time)
    .option('--until <time>', 'before this event time', time)
    .option('--limit <events>', 'this many events at most', wholeNumber(0))
    .option('--max-gap <seconds>', 'quiet stretches last this long at most', duration)
    .option('--again', 'from the start, as new events')
    .option('--home <dir>', 'where the embedded log is kept')
    .option('--json', 'the outcome as JSON')
    .action(async ({ data, speed, from, until, limit, maxGap, again, json, home }) => {
      const config = loadConfig({ home })
      const control = { speed: parseSpeed(speed), paused: false }
      const terminal = openTerminal()
      const problems = new ProblemList()
      const dataset = await openData(data, config, problems)
      if (problems.count > 0) console.error(problems.describe())
      const broker = await whenAvailable(() => openBroker(config))
      const outcome = await replay({
        broker,
        dataset,
        control,
        signal: stopSignal(),
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
        ...(limit === undefined ? {} : { limit }),
        ...(maxGap === undefined ? {} : { maxGapMs: maxGap * 1000 }),
        ...(again ? { again } : {}),
        onProgress: (progress) => {
          if (!json) terminal.status(formatProgress(progress))
        },
        onRetry: (error, waitMs) => console.error(`${error.message}; trying again in ${waitMs} ms`),
      })
      terminal.end()
      await broker.close()
      if (json) console.log(JSON.stringify({ dataset: dataset.name, ...outcome }))
      else
        console.log(
          `${formatCount(outcome.produced)} events produced, ${outcome.end} at ${outcome.position} of ${dataset.size}`,
        )
      process.exit()
    })
}

function time(text: string): number {
  const at = parseTime(text)
  if (at === undefined) throw new InvalidArgumentError('A time is needed: 2000-11-20, 2000-11-20T14:03Z, or ms.')
  return at
}

function duration(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('A number of seconds from 0 on is needed.')
  return value
}
