// A process that trains one release from a training set in a file and ends: so that its memory ends with it, and what
// goes wrong in native code takes nothing else down. Started by training-schedule.ts.
import { readTrainingSetFile } from '../models/training-set-file.ts'
import { openBroker } from './adapters.ts'
import { train } from './roles/train.ts'
import { stopSignal } from './stop-signal.ts'

const { path, config } = JSON.parse(process.argv[2]!)
const signal = stopSignal()
let code = 1
// Also when the one who started it has died.
process.once('disconnect', () => process.exit(code))
const send = (message: object) => process.connected && process.send!(message)
const broker = await openBroker(config)
try {
  await train(readTrainingSetFile(path), {
    config,
    broker,
    signal,
    onProgress: (text) => send({ type: 'progress', progress: text }),
    onMessage: (text) => send({ type: 'message', text }),
  })
  code = 0
} catch (error) {
  if (!signal.aborted) send({ type: 'message', text: `Training ended: ${(error as Error).message}` })
}
await broker.close()
process.disconnect()
