import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SkewReport } from '../../src/evaluation/skew/skew-tally.ts'
import { synthetic } from '../../src/producers/datasets/synthetic.ts'
import { replay } from '../../src/producers/replay.ts'
import { ItemIndex } from '../../src/retrieval/online/item-index.ts'
import { OnlineState } from '../../src/retrieval/online/online-state.ts'
import { createServer } from '../../src/serving/http/server.ts'
import { LiveRecommender } from '../../src/serving/live-recommender.ts'
import type { SlateItem, UserView } from '../../src/serving/recommender.ts'
import { streamClock } from '../../src/serving/stream-clock.ts'
import { LIVE_GROUP } from '../../src/state/keys.ts'
import { describeWith } from '../containers/describe-with.ts'
import { type OwnNames, ownNames, SERVERS } from '../containers/servers.ts'
import { sharedServers } from '../containers/shared-servers.ts'
import { Deployment } from '../deployment.ts'
import { type Embedded, openEmbedded } from '../embedded.ts'

/** Where each deployment answers, once it has learned from DATA. */
let address: string

const DATA = 'synthetic-3-200-300-10000'

describe('the embedded program', () => {
  let embedded: Embedded
  let app: FastifyInstance

  beforeAll(async () => {
    embedded = await openEmbedded()
    const { broker, store, catalogue } = embedded
    await replay({ broker, dataset: synthetic({ seed: 3, users: 200, items: 300, events: 10_000 }) })
    await embedded.caughtUp()
    const recommender = new LiveRecommender({ online: new OnlineState(store, LIVE_GROUP, new ItemIndex()), catalogue })
    app = await createServer({ recommender, broker, now: streamClock(() => recommender.streamTime) })
    address = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    await app?.close()
    await embedded?.close()
  })

  feedbackSuite()
})

await describeWith(SERVERS, 'the program over Kafka, Redis and ClickHouse, by configuration alone', () => {
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  let names: OwnNames
  let deployment: Deployment

  beforeAll(async () => {
    names = await ownNames(await sharedServers())
    deployment = await Deployment.open({ home, data: DATA, env: names.env })
    deployment.start('consume')
    const { code, stderr } = await deployment.start('replay').ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await deployment.caughtUp()
    const [url] = await deployment.start('serve', [], { TRIBUTARY_FEATURE_SHARE: '1' }).printed(/http:\S+/)
    address = url
    // A server that has only just started may be too busy for its first requests, and says so.
    await soon(async () => expect((await fetch(`${url}/recommend?user=u1`)).status).toBe(200))
  })
  afterAll(async () => {
    await deployment?.[Symbol.asyncDispose]()
    await names?.drop()
    rmSync(home, { recursive: true, force: true })
  })

  it('serves what can be worked out again from the event log, to the last bit', async () => {
    const asked = Array.from({ length: 25 }, (_, n) => `u${n + 1}`)
    const measured = async (): Promise<SkewReport> =>
      JSON.parse(await deployment.output('skew', ['--most', `${asked.length}`, '--tolerance', '0', '--json']))
    for (const user of asked) await slateOf(user)
    await soon(async () => expect((await measured()).slates).toEqual({ checked: asked.length, leftOut: {} }))
    const { all, order } = await measured()
    expect(all).toMatchObject({ identical: 1, max: 0 })
    expect(order).toMatchObject({ sameOrder: 1, tau: 1 })
  })

  feedbackSuite()
})

function feedbackSuite(): void {
  describe('feedback that has been answered 202', () => {
    it.each(['like', 'watched', 'skip', 'dislike'])('takes the item off the list after a %s', async (kind) => {
      const user = `guest-${kind}`
      const before = idsOf(await slateOf(user))
      expect(before).toHaveLength(10)
      const itemId = before[1]!
      await give({ userId: user, itemId, kind })
      await soon(async () => {
        const after = idsOf(await slateOf(user))
        expect(after).toHaveLength(10)
        expect(after).not.toContain(itemId)
      })
    })

    it('turns the list towards what was liked, and says so', async () => {
      const [liked] = await slateOf('guest-of-taste')
      await give({ userId: 'guest-of-taste', itemId: liked!.itemId, kind: 'like' })
      await soon(async () => {
        const sections = (await slateOf('guest-of-taste')).map(({ section }) => section)
        expect(sections.filter((section) => section.includes(liked!.title)).length).toBeGreaterThan(0)
      })
    })

    it('is what an explanation names, and there is none to name for someone who gave none', async () => {
      const explained = async (user: string) => {
        const { items } = await get<{ items: SlateItem[] }>(`/recommend?user=${user}&k=10&explain=true`)
        return items.flatMap(({ explanation }) => explanation!.because.map(({ itemId }) => itemId))
      }
      const [liked] = idsOf(await slateOf('guest-explained'))
      await give({ userId: 'guest-explained', itemId: liked, kind: 'like' })
      await soon(async () => expect(new Set(await explained('guest-explained'))).toEqual(new Set([liked])))
      expect(await explained('guest-of-whom-nothing-is-known')).toEqual([])
    })

    it('is in the history of the user, at the time of the stream', async () => {
      const { streamTime } = await get<{ streamTime: number }>('/readyz')
      const [first, second] = idsOf(await slateOf('u1'))
      await give([
        { userId: 'u1', itemId: first, kind: 'rating', value: 4 },
        { userId: 'u1', itemId: second, kind: 'skip' },
      ])
      await soon(async () => {
        const { history } = await get<UserView>('/users/u1')
        expect(history.slice(0, 2)).toMatchObject([
          { itemId: second, kind: 'skip' },
          { itemId: first, kind: 'rating', value: 4 },
        ])
        for (const { at } of history.slice(0, 2)) expect(Math.abs(at - streamTime)).toBeLessThan(60_000)
      })
    })

    it('moves others, too: what was watched together goes together', async () => {
      const [a, b] = ['i299', 'i300']
      expect(idsOf((await get<{ items: SlateItem[] }>(`/similar/${a}?k=3`)).items)).not.toContain(b)
      const others = Array.from({ length: 30 }, (_, n) => `together-${n}`)
      await give(others.flatMap((userId) => [a, b].map((itemId) => ({ userId, itemId, kind: 'watched' }))))
      await soon(async () => expect(idsOf((await get<{ items: SlateItem[] }>(`/similar/${a}?k=3`)).items)).toContain(b))
    })

    it('is forgotten with the user who gave it', async () => {
      await give({ userId: 'guest-who-leaves', itemId: 'i1', kind: 'like' })
      const path = `${address}/users/guest-who-leaves`
      await soon(async () => expect((await fetch(path)).status).toBe(200))
      expect((await fetch(path, { method: 'DELETE' })).status).toBe(202)
      await soon(async () => expect((await fetch(path)).status).toBe(404))
      expect(idsOf(await slateOf('guest-who-leaves'))).toEqual(idsOf(await slateOf('guest-who-never-was')))
    })
  })
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(address + path)
  expect(response.status, path).toBe(200)
  return (await response.json()) as T
}
const slateOf = async (user: string) => (await get<{ items: SlateItem[] }>(`/recommend?user=${user}&k=10`)).items
const idsOf = (items: readonly { itemId: string }[]) => items.map(({ itemId }) => itemId)

async function give(feedback: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${address}/feedback`, { method: 'POST', headers, body: JSON.stringify(feedback) })
  expect(response.status).toBe(202)
}

const soon = (condition: () => Promise<void>) => vi.waitFor(condition, { timeout: 20_000, interval: 5 })
