import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createClient } from '@clickhouse/client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openClickHouseEventLog } from '../../src/event-log/clickhouse-event-log.ts'
import type { EventLog } from '../../src/event-log/event-log.ts'
import type { EventLogRow } from '../../src/event-log/event-log-batch.ts'
import { checkPositions } from '../../src/event-log/positions.ts'
import { startClickHouse } from '../containers/clickhouse.ts'
import { describeWith } from '../containers/describe-with.ts'
import type { TestServer } from '../containers/server.ts'
import { eventLogSuite } from './event-log.suite.ts'
import { append } from './event-log-rows.ts'

let server: TestServer

/** The address of a database of its own. */
async function newDatabase(): Promise<{ readonly url: URL; drop(): Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const admin = createClient({ url: server.address })
  await admin.command({ query: `CREATE DATABASE ${name}` })
  const url = new URL(server.address)
  url.pathname = name
  return {
    url,
    drop: async () => {
      await admin.command({ query: `DROP DATABASE ${name}` })
      await admin.close()
    },
  }
}

await describeWith(['CLICKHOUSE_URL'], 'ClickHouse', () => {
  beforeAll(async () => {
    server = await startClickHouse()
  })

  afterAll(() => server?.stop())

  eventLogSuite({
    name: 'ClickHouse',
    open: async () => {
      const { url, drop } = await newDatabase()
      const log = openClickHouseEventLog({ url: url.href })
      return {
        log,
        close: async () => {
          await log.close()
          await drop()
        },
      }
    },
  })

  describe('an event log on a ClickHouse server', () => {
    let database: Awaited<ReturnType<typeof newDatabase>>
    let line: Line
    let log: EventLog

    beforeEach(async () => {
      database = await newDatabase()
      line = await Line.to(database.url)
      log = openClickHouseEventLog({ url: line.url })
      await log.migrate()
    })

    afterEach(async () => {
      await log.close()
      await line.close()
      await database.drop()
    })

    it('fails retriably while the server is away, and goes on when it is back', async () => {
      await append(log, [like(0)])
      line.cut()
      const calls = [
        () => append(log, [like(1)]),
        () => log.offsets('ratings'),
        () => log.query('SELECT 1'),
        () => log.columns('SELECT 1'),
        () => log.migrate(),
      ]
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ code: 'UNAVAILABLE', retriable: true })
      }
      line.mend()
      await append(log, [like(1)])
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 2]]))
    })

    it('drops rows that are older than the retention, and still knows where to go on', async () => {
      await append(log, [like(0), like(1)])
      const past = { query: 'ALTER TABLE interactions UPDATE insertedAt = now() - toIntervalDay(8) WHERE offset = 0' }
      const admin = createClient({ url: database.url.href, clickhouse_settings: { mutations_sync: '2' } })
      await admin.command(past)
      const keeping = openClickHouseEventLog({ url: line.url, retentionDays: 7 })
      await keeping.migrate()
      await keeping.migrate()
      await admin.command({ query: 'OPTIMIZE TABLE interactions FINAL' })
      expect(await log.query('SELECT toUInt32(offset) AS offset FROM interactions FINAL')).toEqual([{ offset: 1 }])
      await admin.command({ query: past.query.replace('offset = 0', '1') })
      await admin.command({ query: 'OPTIMIZE TABLE interactions FINAL' })
      expect((await log.digest()).rows).toBe(0)
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 2]]))
      await keeping.close()
      await admin.close()
    })

    it('has an append once that was repeated because its answer was lost', async () => {
      line.loseAnswers()
      const lost = append(log, [like(0), like(1)])
      await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE', retriable: true })
      line.mend()
      await expect.poll(() => log.offsets('ratings'), { timeout: 10_000 }).toEqual(new Map([[0, 2]]))
      await append(log, [like(0), like(1)])
      expect((await log.digest()).rows).toBe(2)
      expect(await checkPositions(log)).toMatchObject([{ first: 0, next: 2, events: 2, gaps: [] }])
    })

    it.each([
      ['password', 'check the user name and the password', { password: 'wrong' }],
      ['username', 'check the user name and the password', { username: 'stranger' }],
      ['pathname', 'create the database', { pathname: 'nowhere' }],
    ])('says what to mend where its %s is wrong', async (_, advice, part) => {
      const { href } = Object.assign(new URL(database.url), part)
      const misled = openClickHouseEventLog({ url: href })
      const error = { code: 'BAD_USAGE', message: expect.stringContaining(advice) }
      await expect(misled.migrate()).rejects.toMatchObject(error)
      await misled.close()
    })

    it('keeps the password out of its messages', async () => {
      const error: Error = await log.query('SELECT nonsense').then(
        () => new Error('no error'),
        (reason) => reason,
      )
      expect(error.message).toContain(new URL(line.url).host)
      expect(error.message).not.toContain(database.url.password || 'nothing to hide')
    })
  })
})

function like(offset: number): EventLogRow {
  const event = { eventId: `e${offset}`, userId: 'u', itemId: 'i', kind: 'like', at: 1_000 + offset } as const
  return { topic: 'ratings', partition: 0, offset, event }
}

/** The way to the server, which can be broken. */
class Line {
  readonly #server: Server
  readonly #far: URL
  readonly #sockets = new Set<Socket>()
  #state: 'whole' | 'cut' | 'losing answers' = 'whole'

  constructor(server: Server, far: URL) {
    this.#server = server
    this.#far = far
  }

  static async to(far: URL): Promise<Line> {
    const server = createServer()
    const line = new Line(server, far)
    server.on('connection', (near) => line.#join(near, connect({ host: far.hostname, port: Number(far.port) })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return line
  }

  /** As that of the server, with the same user and database. */
  get url(): string {
    return Object.assign(new URL(this.#far), { host: `127.0.0.1:${(this.#server.address() as AddressInfo).port}` }).href
  }

  cut(): void {
    this.#state = 'cut'
    for (const socket of this.#sockets) socket.destroy()
  }

  loseAnswers(): void {
    this.#state = 'losing answers'
  }

  mend(): void {
    this.#state = 'whole'
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    if (this.#state === 'cut') near.destroy()
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    near.on('data', (request) => far.write(request))
    far.on('data', (answer) => (this.#state === 'losing answers' ? near.destroy() : near.write(answer)))
  }
}
