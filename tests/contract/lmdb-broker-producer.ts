// Produces to a log until it is killed or has done `calls`: run as a process, or as a thread. Call n writes one or
// more messages `n` to every partition, and says `n` once that has been acknowledged.
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openLmdbBroker } from '../../src/broker/lmdb-broker.ts'

interface Task {
  readonly path: string
  readonly partitions: number
  readonly first: number
  readonly calls: number
  /** Calls under way at the same time. */
  readonly concurrency: number
  /** Leaves by `process.exit`, in the middle of things, once so many calls have been acknowledged. */
  readonly exitAfter?: number
}

const task: Task = workerData ?? JSON.parse(process.argv[2]!)
const broker = openLmdbBroker(task)

let acknowledged = 0
function acknowledge(n: number): void {
  if (parentPort) parentPort.postMessage(n)
  else writeSync(1, `${n}\n`)
  if (++acknowledged === task.exitAfter) process.exit()
}

let next = task.first
const last = task.first + task.calls
async function produce(): Promise<void> {
  while (next < last) {
    const n = next++
    const copies = 1 + (n % 40)
    const messages = Array.from({ length: copies * task.partitions }, (_, i) => ({
      key: 'k',
      value: Buffer.from(`${n}`),
      partition: i % task.partitions,
    }))
    await broker.produce('ratings', messages)
    acknowledge(n)
  }
}
await Promise.all(Array.from({ length: task.concurrency }, produce))
await broker.close()
