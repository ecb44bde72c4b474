import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createClient } from '@clickhouse/client'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openClickHouseEventLog } from '../../src/event-log/clickhouse-event-log.ts'
import type { EventLog, EventLogRow } from '../../src/event-log/event-log.ts'
import { checkPositions } from '../../src/event-log/positions.ts'
import { eventLogSuite } from './event-log.suite.ts'
import { append } from './event-log-rows.ts'

const { CLICKHOUSE_URL, CLICKHOUSE_USER = 'default', CLICKHOUSE_PASSWORD = '' } = process.env
const { CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:26.7' } = process.env

let server: { readonly url: string; readonly username: string; readonly password: string }
let container: StartedTestContainer | undefined

async function noServer(): Promise<string | undefined> {
  if (CLICKHOUSE_URL) return undefined
  return getContainerRuntimeClient().then(
    () => undefined,
    (error: Error) => `CLICKHOUSE_URL is not set and no Docker engine answers: ${error.message}`,
  )
}

const missing = await noServer()

beforeAll(async () => {
  if (CLICKHOUSE_URL) server = { url: CLICKHOUSE_URL, username: CLICKHOUSE_USER, password: CLICKHOUSE_PASSWORD }
  else if (!missing) server = await startServer()
})

afterAll(() => container?.stop())

async function startServer() {
  const [username, password] = ['tributary', randomUUID()]
  container = await new GenericContainer(CLICKHOUSE_IMAGE)
    .withExposedPorts(8123)
    .withEnvironment({ CLICKHOUSE_USER: username, CLICKHOUSE_PASSWORD: password })
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .start()
  return { url: `http://${container.getHost()}:${container.getMappedPort(8123)}`, username, password }
}

/** A database of its own in the server that all tests share. */
async function newDatabase(): Promise<{ readonly database: string; drop(): Promise<void> }> {
  const database = `test_${randomUUID().replaceAll('-', '')}`
  const admin = createClient(server)
  await admin.command({ query: `CREATE DATABASE ${database}` })
  return {
    database,
    drop: async () => {
      await admin.command({ query: `DROP DATABASE ${database}` })
      await admin.close()
    },
  }
}

if (missing) {
  describe.skip(`event log: ClickHouse, not tested since ${missing}`, () => {
    it('has a server to be tested with', () => {})
  })
} else {
  eventLogSuite({
    name: 'ClickHouse',
    open: async () => {
      const { database, drop } = await newDatabase()
      const log = openClickHouseEventLog({ ...server, database })
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
      line = await Line.to(new URL(server.url))
      log = openClickHouseEventLog({ ...server, url: line.url, database: database.database })
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

    it('has an append once that was repeated because its answer was lost', async () => {
      line.loseAnswers()
      await expect(append(log, [like(0), like(1)])).rejects.toMatchObject({ code: 'UNAVAILABLE', retriable: true })
      line.mend()
      await expect.poll(() => log.offsets('ratings'), { timeout: 10_000 }).toEqual(new Map([[0, 2]]))
      await append(log, [like(0), like(1)])
      expect((await log.digest()).rows).toBe(2)
      expect(await checkPositions(log)).toMatchObject([{ first: 0, next: 2, events: 2, gaps: [] }])
    })

    it('names the user as the problem where the password is wrong', async () => {
      const stranger = openClickHouseEventLog({ ...server, password: 'wrong', database: database.database })
      await expect(stranger.query('SELECT 1')).rejects.toMatchObject({
        code: 'BAD_USAGE',
        message: expect.stringContaining('check the user name and the password'),
      })
      await stranger.close()
    })

    it('names the database as the problem where there is none', async () => {
      const lost = openClickHouseEventLog({ ...server, database: 'nowhere' })
      await expect(lost.migrate()).rejects.toMatchObject({
        code: 'BAD_USAGE',
        message: expect.stringContaining('create the database'),
      })
      await lost.close()
    })
  })
}

function like(offset: number): EventLogRow {
  const event = { eventId: `e${offset}`, userId: 'u', itemId: 'i', kind: 'like', at: 1_000 + offset } as const
  return { topic: 'ratings', partition: 0, offset, event }
}

/** The way to the server, which can be broken. */
class Line {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #state: 'whole' | 'cut' | 'losing answers' = 'whole'

  constructor(server: Server) {
    this.#server = server
  }

  static async to({ hostname, port }: URL): Promise<Line> {
    const server = createServer()
    const line = new Line(server)
    server.on('connection', (near) => line.#join(near, connect({ host: hostname, port: Number(port) })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return line
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
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
