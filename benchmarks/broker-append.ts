// How fast the embedded broker appends and reads, and how much disk a message takes, next to a plain file that is
// appended to and flushed as often: `node benchmarks/broker-append.ts`. Takes about half a minute.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker, Message } from '../src/broker/broker.ts'
import { openLmdbBroker } from '../src/broker/lmdb-broker.ts'

const PARTITIONS = 8

const CASES = [
  { batch: 1, inFlight: 1, messages: 3_000 },
  { batch: 1, inFlight: 64, messages: 60_000 },
  { batch: 100, inFlight: 1, messages: 200_000 },
  { batch: 2_000, inFlight: 1, messages: 1_000_000 },
  { batch: 2_000, inFlight: 4, messages: 1_000_000 },
]

/** As the replay of a rating data set would write them: about 110 bytes of JSON. */
const POOL: readonly Message[] = Array.from({ length: 20_000 }, (_, i) => {
  const userId = `${1 + ((i * 7_919) % 6_040)}`
  const itemId = `${1 + ((i * 104_729) % 3_952)}`
  const at = 978_300_760_000 + i * 1_370
  const event = { eventId: `ml-1m-${500_000 + i}`, userId, itemId, kind: 'rating', value: 1 + ((i * 31) % 5), at }
  return { key: userId, value: Buffer.from(JSON.stringify(event)) }
})
const batchAt = (i: number, size: number) => POOL.slice(i % (POOL.length - size), (i % (POOL.length - size)) + size)
const perSecond = (count: number, since: number) => Math.round((1_000 * count) / (performance.now() - since))

type Case = (typeof CASES)[number]

async function append(broker: Broker, { batch, inFlight, messages }: Case): Promise<number> {
  const since = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < messages) {
        const begin = next
        next += batch
        await broker.produce('ratings', batchAt(begin, batch))
      }
    }),
  )
  return perSecond(messages, since)
}

async function consume(broker: Broker, messages: number): Promise<number> {
  const since = performance.now()
  let records = 0
  const finished = Promise.withResolvers<void>()
  const consumer = await broker.subscribe({
    group: null,
    topics: ['ratings'],
    assigned: async () => ({}),
    handle: async (batch) => {
      records += batch.records.length
      if (records >= messages) finished.resolve()
    },
    revoked: async () => {},
  })
  await finished.promise
  const rate = perSecond(records, since)
  await consumer.stop()
  return rate
}

/** The baseline: as many bytes, written and flushed as often as there are batches under way together. */
function appendToFile(path: string, { batch, inFlight, messages }: Case): number {
  const file = openSync(path, 'w')
  const since = performance.now()
  for (let i = 0; i < messages; i += batch * inFlight) {
    writeSync(file, Buffer.concat(batchAt(i, batch * inFlight).map(({ value }) => value)))
    fdatasyncSync(file)
  }
  closeSync(file)
  return perSecond(messages, since)
}

const averageBytes = POOL.reduce((sum, { value }) => sum + value.length, 0) / POOL.length
console.log(`messages of ${averageBytes.toFixed(0)} bytes, ${PARTITIONS} partitions`)
for (const one of CASES) {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-'))
  const broker = openLmdbBroker({ path: join(folder, 'log'), partitions: PARTITIONS })
  const appends = await append(broker, one)
  const bytes = statSync(join(folder, 'log', 'data.mdb')).size / one.messages
  const reads = await consume(broker, one.messages)
  await broker.close()
  const file = appendToFile(join(folder, 'file'), one)
  rmSync(folder, { recursive: true })
  console.log(
    `batches of ${one.batch}, ${one.inFlight} in flight: ${appends} appends/s (plain file ${file}/s), ` +
      `${reads} reads/s, ${bytes.toFixed(1)} bytes a message on disk`,
  )
}
console.log(`peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`)
