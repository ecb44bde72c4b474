// The inside of a thread that `startThread` started.
import { constants, getPriority, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { writeTrainingSet } from '../models/training-set-file.ts'
import { wallClockMs } from '../serving/freshness.ts'
import { PredictionCalls } from './prediction-calls.ts'
import { foldState, type OpenLog, writeLog } from './roles/consume.ts'
import { readSet } from './roles/read-set.ts'
import { liveReplay } from './roles/replay.ts'

/** Events that have just happened, and are not in the event log yet, are for the next training set. */
const SMALL_LAG = 1_000
const LAG_POLL_MS = 100

const stopping = new AbortController()
const port = parentPort!
/** The log's: asked for before it is open. */
const opened = Promise.withResolvers<OpenLog>()
port.on('message', (message) => {
  if (message === 'stop') stopping.abort()
  else if (message.type === 'export') void answerExport(message.id, message.path)
})
const { signal } = stopping
const { role, input } = workerData
// Nobody waits for the event log: its engine's inserts and merges, in threads that this one starts, leave the cores to
// who folds and answers. Elsewhere than on Linux a priority would be the whole process's.
if (role === 'log' && process.platform === 'linux') {
  setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL))
}
const onProgress = (progress: unknown) => port.postMessage({ type: 'progress', progress })
const onMessage = (text: string) => port.postMessage({ type: 'message', text })

if (role === 'fold') {
  const calls = new PredictionCalls((call) => port.postMessage(call))
  port.on('message', (message) => {
    if (message.type === 'prediction') calls.answered(message)
  })
  await foldState({ ...input, signal, onProgress, ...(input.predicts && { sample: calls.sample }) })
} else if (role === 'log') await writeLog({ ...input, signal, onProgress, onOpen: opened.resolve })
else {
  await liveReplay({
    ...input,
    signal,
    onMessage,
    onStatus: onProgress,
    onLive: () => port.postMessage({ type: 'live' }),
    onProgress: (progress) => port.postMessage({ type: 'replayed', progress }),
    onAccepted: (position) => port.postMessage({ type: 'accepted', event: { ...position, at: wallClockMs() } }),
    onControl: (control) => {
      port.on('message', (message) => {
        if (message.type === 'control') Object.assign(control, message.change)
      })
    },
  })
}
port.close()

/** chDB serves one thread of a process: who needs what is in the event log asks this one for it. */
async function answerExport(id: number, path: string): Promise<void> {
  try {
    const open = await opened.promise
    while (open.sink.lag() > SMALL_LAG && !signal.aborted) await delay(LAG_POLL_MS)
    writeTrainingSet(path, await readSet(open, input.config, signal))
    port.postMessage({ type: 'exported', id })
  } catch (error) {
    port.postMessage({ type: 'exported', id, error: (error as Error).message })
  }
}
