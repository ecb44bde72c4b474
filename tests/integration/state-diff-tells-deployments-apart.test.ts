import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBroker } from '../../src/bin/adapters.ts'
import { encode } from '../../src/events/codec.ts'
import { describeWith } from '../containers/describe-with.ts'
import { type OwnNames, ownNames, SERVERS } from '../containers/servers.ts'
import { sharedServers } from '../containers/shared-servers.ts'
import { Deployment } from '../deployment.ts'
import { type Ended, runProgram } from '../programs.ts'

const DATA = 'synthetic-11-150-250-4000'

await describeWith(SERVERS, '`state diff HOME`, of an embedded run and of one over servers', () => {
  const embeddedHome = mkdtempSync(join(tmpdir(), 'tributary-'))
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  let names: OwnNames
  let servers: Deployment

  beforeAll(async () => {
    {
      await using embedded = await Deployment.open({ home: embeddedHome, data: DATA })
      await embedded.finish()
    }
    names = await ownNames(await sharedServers())
    servers = await Deployment.open({ home, data: DATA, env: names.env })
    await servers.finish()
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await names?.drop()
    for (const folder of [embeddedHome, home]) rmSync(folder, { recursive: true, force: true })
  })

  /** As a person calls it, with the servers' addresses in the environment. */
  const diff = (): Promise<Ended> => runProgram(['state', 'diff', embeddedHome], { home, env: names.env })

  it('finds them equal after the same replay, table by table', async () => {
    const { code, stdout, stderr } = await diff()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trim().split('\n')
    expect(lines.at(-1)).toBe('equal')
    for (const table of ['histories', 'co-visitation', 'features', 'item-statistics', 'trails', 'event-log']) {
      expect(stdout).toMatch(new RegExp(`^equal  ${table} +[1-9]\\d* entries  [0-9a-f]{16}`, 'm'))
    }
  })

  it('finds the one event more that the servers have, in every table that it changes and in no other', async () => {
    const broker = await openBroker(servers.config)
    const event = { eventId: 'more', userId: 'u1', itemId: 'i1', kind: 'rating', value: 5, at: Date.now() } as const
    await broker.produce('ratings', [{ key: 'u1', value: encode('ratings', event) }])
    await broker.close()
    await servers.settle()
    const { code, stdout } = await diff()
    expect(code).toBe(1)
    const different = /^different: (.*)$/m.exec(stdout)![1]!.split(', ')
    expect(different).toEqual(expect.arrayContaining(['histories', 'features', 'item-statistics', 'event-log']))
    expect(different).not.toContain('profiles')
    expect(stdout).toMatch(/^equal {2}profiles/m)
  })
})
