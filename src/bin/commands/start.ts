import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { parseSyntheticName } from '../../producers/datasets/synthetic.ts'
import { parseSpeed } from '../../producers/pacing.ts'
import { ReplayDesk } from '../replay-desk.ts'
import { aborted, type ConsumeProgress, NOTHING_CONSUMED } from '../roles/consume.ts'
import { serve } from '../roles/serve.ts'
import { beginAnew, canStartOver, discardStream } from '../start-over.ts'
import { stopSignal } from '../stop-signal.ts'
import { openTerminal } from '../terminal.ts'
import { startConsumers, startThread } from '../threads.ts'
import { trainInterval, trainOnSchedule } from '../training-schedule.ts'

export function startCommand(): Command {
  return new Command('start')
    .description('everything in one process: replays a data set, learns from it, and answers at a printed address')
    .option('--data <name|path>', 'ml-1m, ml-100k, synthetic, a folder or a CSV file (default: what is there)')
    .option('--speed <speed>', 'of the live part, as 100x (default: one at which something happens all the time)')
    .option('--port <port>', 'to listen on; 0 chooses a free one')
    .option('--host <address>', 'to listen on')
    .option('--home <dir>', 'where state, log and downloads are kept')
    .action(async ({ data, speed, ...flags }) =>
      start(flags, data, speed === undefined ? undefined : parseSpeed(speed)),
    )
}

async function start(flags: Record<string, string>, data: string | undefined, speed: number | undefined) {
  const config = loadConfig(flags)
  const interval = trainInterval(config)
  const stopped = stopSignal()
  const startOver = new AbortController()
  const signal = AbortSignal.any([stopped, startOver.signal])
  const terminal = openTerminal()
  terminal.line(`Tributary keeps its state in ${config.home}`)
  let consumed = NOTHING_CONSUMED
  const serving = await serve(config, {
    onError: (error, request) => terminal.line(`${request}: ${describe(error)}`),
    onMessage: (message) => terminal.line(message),
  })
  const onConsumed = (progress: ConsumeProgress) => {
    consumed = progress
  }
  const consuming = startConsumers(config, onConsumed, serving.predictor)
  serving.operations.prequential = serving.prequential
  const historyIn = Promise.withResolvers<void>()
  let training = ''
  const desk = new ReplayDesk(
    (message) => replaying.post(message),
    canStartOver(config) ? () => startOver.abort() : undefined,
  )
  serving.operations.consumed = () => consumed
  serving.operations.replay = desk
  const replaying = startThread<{ data: string | undefined; speed: number | undefined }, string>(
    'replay',
    { config, data, speed },
    (message) => {
      if (message.type === 'message') terminal.line(message.text)
      else if (message.type === 'live') historyIn.resolve()
      else if (message.type === 'replayed') desk.progress = message.progress
      else if (message.type === 'accepted') serving.operations.freshness.accepted(message.event)
      else if (message.type === 'progress') {
        terminal.status(`${message.progress}  lag ${consumed.lag}${training && `  ${training}`}`)
      }
    },
  )
  serving.metrics.addGauge('tributary_consumer_lag', 'Events produced and not yet folded', () => consumed.lag)
  serving.metrics.addGauge('tributary_event_log_lag', 'Events not yet in the event log', () => consumed.logLag)
  terminal.line(`Open ${serving.url}`)
  const trained = trainWhenHistoryIsIn()
  const failed = (error: unknown) => terminal.line(`The replay ended: ${describe(error)}`)
  const replayed = replaying.done.catch(failed)
  try {
    await Promise.race([aborted(signal), consuming.done])
    if (!signal.aborted) throw new TributaryError('INTERNAL', 'the consumers ended by themselves')
  } finally {
    terminal.end()
    await Promise.allSettled([replaying.stop(), replayed, trained])
    await Promise.allSettled([consuming.stop(), serving.close()])
  }
  if (startOver.signal.aborted && !stopped.aborted) {
    terminal.line('Starting over: the log and all that was learned from it are deleted.')
    await discardStream(config.home)
    // Without --data it depends on what can be had, and that may have changed.
    const made = desk.progress?.dataset ?? ''
    const same = data === undefined && parseSyntheticName(made) ? ['--data', made] : []
    if (!stopped.aborted) beginAnew(['--port', new URL(serving.url).port, ...same])
  }
  process.exit()

  async function trainWhenHistoryIsIn(): Promise<void> {
    if (interval === undefined) return
    await Promise.race([historyIn.promise, aborted(signal)])
    const { exportSet } = consuming
    const onProgress = (text: string) => {
      training = text
      terminal.status(text)
    }
    const onMessage = (text: string) => {
      training = ''
      terminal.line(text)
    }
    await trainOnSchedule({ config, signal, exportSet, onProgress, onMessage }, interval)
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
