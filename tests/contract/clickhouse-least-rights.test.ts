import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClickHouseEventLog } from '../../src/event-log/clickhouse-event-log.ts'
import type { EventLog } from '../../src/event-log/event-log.ts'
import { checkPositions } from '../../src/event-log/positions.ts'
import { interactionsByUser } from '../../src/event-log/training-reads.ts'
import { startClickHouse } from '../containers/clickhouse.ts'
import { describeWith } from '../containers/describe-with.ts'
import { openRightsGate, type RightsGate } from '../containers/rights-gate.ts'
import type { TestServer } from '../containers/server.ts'
import { append, rowAt } from './event-log-rows.ts'

const SQL = readFileSync(new URL('../../deploy/clickhouse/least-rights.sql', import.meta.url), 'utf8')
const [OWNER, APP, READER] = ['tributary_owner', 'tributary_app', 'tributary_reader']

let server: TestServer
let database: URL

await describeWith(['CLICKHOUSE_URL'], 'the users of deploy/clickhouse/least-rights.sql', () => {
  beforeAll(async () => {
    server = await startClickHouse()
    database = new URL(server.address)
    database.pathname = `rights_${randomUUID().slice(0, 8)}`
    await asAdmin(`CREATE DATABASE ${database.pathname.slice(1)}`)
  })
  afterAll(async () => {
    await asAdmin(`DROP DATABASE IF EXISTS ${database.pathname.slice(1)}`)
    await server?.stop()
  })

  describe('by the rights that the file grants', () => {
    let gate: RightsGate

    beforeAll(async () => {
      gate = await openRightsGate(SQL, database)
    })
    afterAll(() => gate?.close())

    rightsSuite((user) => gate.url(user))

    it('are granted nothing that the program has not used', () => {
      expect([...gate.used(APP!)].sort()).toEqual(['ALTER DELETE', 'INSERT', 'SELECT'])
    })
  })

  describe('as the server itself holds them to their rights', () => {
    const suffix = randomUUID().slice(0, 8)
    const named = (user: string) => `${user}_${suffix}`
    let refused: string | undefined

    beforeAll(async () => {
      const name = database.pathname.slice(1)
      await asAdmin(`DROP DATABASE ${name}`)
      const statements = SQL.replaceAll(/^--.*$/gm, '')
        .replaceAll(/\btributary_(owner|app|reader)\b/g, (user) => named(user))
        .replaceAll(/\btributary\b/g, name)
        .replaceAll('change me', 'secret')
      try {
        for (const statement of statements.split(';').filter((text) => text.trim())) await asAdmin(statement)
      } catch (error) {
        if (!/ACCESS_DENIED|CREATE USER/.test(String(error))) throw error
        refused = 'this server lets nobody create users'
        console.warn(`SKIPPED: rights as the server itself holds them. ${refused}: the official image does.`)
        await asAdmin(`CREATE DATABASE IF NOT EXISTS ${name}`)
      }
    })
    afterAll(async () => {
      if (!refused) for (const user of [OWNER, APP, READER]) await asAdmin(`DROP USER IF EXISTS ${named(user!)}`)
    })

    rightsSuite(
      (user) => Object.assign(new URL(database), { username: named(user), password: 'secret' }).href,
      () => refused,
    )
  })
})

/** @param url of a user @param refused why there are no such users, if so: known once the tests run */
function rightsSuite(url: (user: string) => string, refused: () => string | undefined = () => undefined): void {
  const test = (title: string, body: () => Promise<void>) =>
    it(title, async (context) => {
      const why = refused()
      if (why) context.skip(why)
      await body()
    })
  const as = async <T>(user: string, use: (log: EventLog) => Promise<T>): Promise<T> => {
    const log = openClickHouseEventLog({ url: url(user) })
    try {
      return await use(log)
    } finally {
      await log.close()
    }
  }
  const DENIED = { code: 'BAD_USAGE', message: expect.stringMatching(/ACCESS_DENIED.*: grant the user that right/s) }

  test('let the program not create the tables, and say what is missing', async () => {
    await expect(as(APP!, (log) => log.migrate())).rejects.toMatchObject(DENIED)
  })

  test('let the owner create them, and the program do all it does from then on', async () => {
    await as(OWNER!, (log) => log.migrate())
    await as(APP!, async (log) => {
      await log.migrate()
      await append(log, [rowAt(0, 0), rowAt(0, 1), rowAt(0, 2)])
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 3]]))
      expect((await log.digest()).rows).toBe(3)
      expect(await checkPositions(log)).toMatchObject([{ next: 3, gaps: [] }])
      const users: string[] = []
      for await (const { userId } of interactionsByUser(log, 10_000)) users.push(...userId)
      expect(users).toHaveLength(3)
      expect(await log.query('SELECT toUInt32(sum(events)) AS events FROM events_per_user')).toEqual([{ events: 3 }])
      await log.forget(users[0]!)
      expect((await log.digest()).rows).toBe(2)
      expect(await log.offsets('ratings')).toEqual(new Map([[0, 3]]))
    })
  })

  test('let the program neither drop, alter nor create anything, nor make users', async () => {
    for (const sql of [
      'DROP TABLE interactions',
      'TRUNCATE TABLE interactions',
      'ALTER TABLE interactions ADD COLUMN x UInt8',
      'CREATE TABLE mine (x UInt8) ENGINE = Memory',
      'CREATE USER intruder',
    ]) {
      await expect(commandAs(url(APP!), sql), sql).rejects.toThrow(/ACCESS_DENIED|Not enough privileges/)
    }
    await as(APP!, async (log) => expect((await log.digest()).rows).toBe(2))
  })

  test('let people read, and nothing else', async () => {
    await as(READER!, async (log) => {
      expect((await log.digest()).rows).toBe(2)
      await expect(append(log, [rowAt(1, 0)])).rejects.toMatchObject({ code: 'BAD_USAGE' })
      await expect(log.forget('u0-1')).rejects.toMatchObject({ code: 'BAD_USAGE' })
    })
  })
}

async function commandAs(url: string, query: string): Promise<void> {
  const client = createClient({ url })
  try {
    await client.command({ query })
  } finally {
    await client.close()
  }
}

function asAdmin(query: string): Promise<void> {
  return commandAs(server.address, query)
}
