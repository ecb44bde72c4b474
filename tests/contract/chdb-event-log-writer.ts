// A process or a thread that appends to the event log from where the log says it ends, in batches of many sizes.
import { isMainThread, workerData } from 'node:worker_threads'
import { openChdbEventLog } from '../../src/event-log/chdb-event-log.ts'
import { append, rowAt, WRITER_PARTITIONS } from './event-log-rows.ts'

export interface WriterTask {
  readonly path: string
  /** Appends before it ends by itself. */
  readonly appends: number
}

const { path, appends }: WriterTask = isMainThread ? JSON.parse(process.argv[2]!) : workerData
const log = await openChdbEventLog({ path })
await log.migrate()
const next = new Map(await log.offsets('ratings'))
console.log('open')
for (let n = 0; n < appends; n++) {
  const size = 1 + ((n * 7919) % 400)
  const rows = WRITER_PARTITIONS.flatMap((partition) => {
    const from = next.get(partition) ?? 0
    next.set(partition, from + size)
    return Array.from({ length: size }, (_, i) => rowAt(partition, from + i))
  })
  await append(log, rows)
  console.log('appended')
}
await log.close()
