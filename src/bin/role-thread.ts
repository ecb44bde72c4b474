// The inside of a thread that `startThread` started.
import { parentPort, workerData } from 'node:worker_threads'
import { foldState, writeLog } from './roles/consume.ts'
import { liveReplay } from './roles/replay.ts'

const stopping = new AbortController()
const port = parentPort!
port.once('message', () => stopping.abort())
const { signal } = stopping
const { role, input } = workerData
const onProgress = (progress: unknown) => port.postMessage({ type: 'progress', progress })
const onMessage = (text: string) => port.postMessage({ type: 'message', text })

if (role === 'fold') await foldState({ ...input, signal, onProgress })
else if (role === 'log') await writeLog({ ...input, signal, onProgress })
else await liveReplay({ ...input, signal, onMessage, onStatus: onProgress })
port.close()
