import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { outputOf, runProgram } from '../programs.ts'

const DATA = 'synthetic-3-20-30-200'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'tributary-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const run = (args: string[], env = {}) => runProgram(args, { home, env })
const json = async (args: string[]) => JSON.parse(await outputOf(args, { home }))

describe('bad usage', () => {
  it.each([
    [[], /Usage: tributary/],
    [['strat'], /unknown command 'strat'\n.*start/],
    [['start', '--prot', '1'], /unknown option '--prot'\n.*--port/],
    [['start', 'ml-1m'], /too many arguments/],
    [['start', '--port'], /argument missing/],
    [['start', '--port', 'x'], /--port=x: a whole number from 0 to 65535/],
    [['serve', '--port', '65536'], /--port=65536: a whole number from 0 to 65535/],
    [['start', '--speed', 'fast'], /"fast" is not a speed: .*100x/],
    [['replay', '--speed', '-1x'], /"-1x" is not a speed/],
    [['replay', '--from', 'yesterday'], /--from.* 'yesterday' is invalid\. A time is needed: 2000-11-20/],
    [['replay', '--until', '99/99'], /A time is needed/],
    [['replay', '--limit', 'many'], /--limit.* 'many' is invalid\. A whole number from 0 on/],
    [['replay', '--max-gap', 'x'], /A number of seconds/],
    [['replay', '--data', 'synthetic-1-0-5-5'], /users must be a whole number from 1 on/],
    [['inspect'], /Usage: tributary inspect/],
    [['inspect', 'user'], /missing required argument 'id'/],
    [['inspect', 'user', 'u1', '-k', 'ten'], /A whole number from 1 to 100/],
    [['inspect', 'topic', 'nope'], /no topic "nope"; there are ratings, feedback, items/],
    [['inspect', 'topic', 'ratings', '-n', '-1'], /A whole number from 0 on/],
    [['evaluate', '--protocol', 'luck'], /Allowed choices are .*prequential/],
    [['evaluate', '--every', '0'], /a whole number from 1/i],
    [['evaluate', '--columns', 'who=x'], /Names are needed as in user=visitor/],
    [['evaluate', '--systems', 'luck'], /--systems luck: there is none; known are random, popularity/],
    [['download'], /missing required argument 'name'/],
    [['download', 'ml-2m'], /ml-2m.*ml-1m/s],
    [['state', 'diff'], /missing required argument 'a'/],
    [['bench', 'luck'], /Allowed choices are /],
  ])('%j ends with 2, a message that says what to do, and nothing on stdout', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at .*\.ts:/m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })

  it('in the environment is named too, every mistake at once', async () => {
    const { code, stdout, stderr } = await run(['doctor'], { TRIBUTARY_PORT: 'x', TRIBUTARY_PARTITIONS: '0' })
    expect(stderr).toMatch(/TRIBUTARY_PORT=x: .*\n.*TRIBUTARY_PARTITIONS=0: /)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('bad input', () => {
  it.each([
    [['replay', '--data', 'no-such-set'], /No data set "no-such-set": .*tributary download ml-1m/],
    [['evaluate', '--data', 'no-such-set'], /No data set "no-such-set"/],
    [['inspect', 'item', 'no-such-item'], /the catalogue has no item "no-such-item"/],
    [['state', 'diff', 'no-such-file', 'no-such-file'], /no-such-file: .*tributary state digest --json/],
  ])('%j ends with 1, a message that says what to do, and nothing on stdout', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at .*\.ts:/m)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})

describe('--help', () => {
  it('says of every command, and of every command below it, what it does', async () => {
    const seen: string[] = []
    const visit = async (path: string[]) => {
      const { code, stdout, stderr } = await run([...path, '--help'])
      expect({ code, stderr }, path.join(' ')).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^Usage: tributary ?${path.join(' ')}`))
      seen.push(path.join(' '))
      const listed = /^Commands:\n([\s\S]*)/m.exec(stdout)?.[1] ?? ''
      for (const [, name] of listed.matchAll(/^ {2}([a-z]+)/gm)) if (name !== 'help') await visit([...path, name!])
    }
    await visit([])
    expect(seen).toEqual(
      expect.arrayContaining(['start', 'replay', 'serve', 'inspect topic', 'state digest', 'doctor']),
    )
  })
})

describe('what answers with data', () => {
  it('is JSON that can be parsed', async () => {
    expect(await json(['doctor', '--json'])).toMatchObject({ checks: expect.arrayContaining([]) })
    const replayed = await json(['replay', '--data', DATA, '--json'])
    expect(replayed).toMatchObject({ dataset: DATA, end: 'complete', produced: 200, run: 1 })
    const topic = await json(['inspect', 'topic', 'ratings', '-n', '2'])
    expect(topic.partitions).toHaveLength(4)
    expect(topic.partitions[0].latest).toMatchObject([{ ok: true }, { ok: true }])
    const item = await json(['inspect', 'item', 'i1'])
    expect(item).toMatchObject({ item: { itemId: 'i1' }, similar: expect.any(Array) })
    expect(await json(['inspect', 'user', 'nobody', '-k', '3', '--target', 'i1', '--json'])).toMatchObject({
      user: null,
      slate: { userId: 'nobody' },
      inspection: { userId: 'nobody', history: [], target: { itemId: 'i1' } },
    })
    expect(await outputOf(['inspect', 'user', 'nobody', '--target', 'i0'], { home })).toMatch(
      /^user nobody, .*\n\nTarget i0, .*: unknown\n[\s\S]*Order after blend/,
    )
  })

  it('compares: `state diff` of a digest with itself is equal, and with another one is not', async () => {
    const digest = await outputOf(['state', 'digest', '--json'], { home })
    expect(Object.keys(JSON.parse(digest))).toContain('event-log')
    writeFileSync(join(home, 'a.json'), digest)
    writeFileSync(
      join(home, 'b.json'),
      digest.replace('"histories":{"entries":0', '"histories":{"entries":1,"hash":"0"},"_":{"entries":0'),
    )
    expect(await run(['state', 'diff', 'a.json', 'a.json'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^equal$/m),
    })
    const { code, stdout } = await run(['state', 'diff', 'a.json', 'b.json'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^different: histories/m)
  })
})

describe('evaluate', () => {
  it('ranks on events of one’s own, under whatever names, and says what could not be read', async () => {
    const rows = Array.from(
      { length: 240 },
      (_, at) => `v${at % 12},p${(at * 7 + Math.floor(at / 12)) % 30},${1000 + at}`,
    )
    writeFileSync(join(home, 'shop.csv'), `visitor,sku,seen\n${rows.join('\n')}\nv1,p1,never\n`)
    const columns = 'user=visitor,item=sku,time=seen'
    const { code, stdout, stderr } = await run([
      'evaluate',
      '--data',
      'shop.csv',
      '--columns',
      columns,
      '--systems',
      'popularity,blend',
      '--json',
      'shop.json',
    ])
    expect(stderr).toContain('1 line could not be read')
    expect({ code, tables: stdout.match(/^ {2}(popularity|blend) /gm)!.length }).toMatchObject({ code: 0 })
    const report = JSON.parse(readFileSync(join(home, 'shop.json'), 'utf8'))
    expect(report).toMatchObject({
      protocol: 'prequential',
      data: 'shop',
      split: { events: 240, users: 12, items: 30 },
    })
    expect(Object.keys(report.slices[0].systems)).toEqual(['popularity', 'blend'])
  })
})

describe('doctor', () => {
  it('finds everything in order in a home that has never been used', async () => {
    const { code, stdout } = await run(['doctor', '--home', join(home, 'new')])
    expect(stdout.match(/^ok {3}/gm)).toHaveLength(5)
    expect(code).toBe(0)
  })

  it('says what is wrong with a home that is none', async () => {
    writeFileSync(join(home, 'file'), '')
    const { code, stdout } = await run(['doctor', '--home', join(home, 'file')])
    expect(stdout).toMatch(/^FAIL home .*file/m)
    expect(code).toBe(1)
  })
})
