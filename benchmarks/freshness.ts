// From the moment POST /feedback has answered 202 until GET /recommend shows it, while other users' events flow.
import { openData } from '../src/bin/roles/replay.ts'
import { ProblemList } from '../src/producers/datasets/problem-list.ts'
import { replay } from '../src/producers/replay.ts'
import { type Benchmark, inFreshHome, percentile, rounded } from './benchmark.ts'
import { startDistributed, startEmbedded } from './parts.ts'

const TRIALS = 1000
const EVENTS_PER_SECOND = 1000
const HISTORY_EVENTS = 200_000
const TICK_MS = 10

export const run: Benchmark = ({ config: given, data, maxEvents, deployment, status }) =>
  inFreshHome(given, async (fresh) => {
    await using parts = await (deployment === 'embedded' ? startEmbedded(fresh) : startDistributed(fresh))
    const { broker } = parts
    const dataset = await openData(data, fresh, new ProblemList())
    const history = Math.min(HISTORY_EVENTS, Math.floor(dataset.size / 2), maxEvents)
    await replay({ broker, dataset, untilSequence: history })
    await parts.caughtUp(history)
    const url = await parts.serve()

    const stopping = new AbortController()
    const flow = steadyFlow(stopping.signal)
    const get = async (path: string) => (await fetch(url + path)).json() as Promise<{ items: { itemId: string }[] }>
    const times: number[] = []
    let requests = 0
    const started = performance.now()
    for (let trial = 0; trial < TRIALS; trial++) {
      const userId = `guest-${trial % 50}`
      const [first] = (await get(`/recommend?user=${userId}&k=10`)).items
      const answer = await fetch(`${url}/feedback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId, itemId: first!.itemId, kind: 'like' }),
      })
      const accepted = performance.now()
      if (answer.status !== 202) throw new Error(`POST /feedback answered ${answer.status}: ${await answer.text()}`)
      await answer.arrayBuffer()
      for (;;) {
        requests++
        const { items } = await get(`/recommend?user=${userId}&k=10`)
        if (!items.some(({ itemId }) => itemId === first!.itemId)) break
      }
      times.push(performance.now() - accepted)
      if (trial % 20 === 0) status(`${trial} of ${TRIALS} trials`)
    }
    const seconds = (performance.now() - started) / 1000
    stopping.abort()
    const flowed = await flow
    times.sort((a, b) => a - b)
    return {
      deployment,
      eventsPerSecond: Math.round(flowed / seconds),
      trials: TRIALS,
      requestsPerTrial: rounded(requests / TRIALS),
      p50Ms: rounded(percentile(times, 50)),
      p99Ms: rounded(percentile(times, 99)),
      maxMs: rounded(times.at(-1)!),
    }

    /** Produces other users' events, so many a second; answers how many it produced. */
    async function steadyFlow(signal: AbortSignal): Promise<number> {
      let produced = 0
      const begun = performance.now()
      const chunk = [...dataset.chunks(history)].flatMap(({ user, item }) =>
        [...user].map((u, i) => [u, item[i]!] as const),
      )
      while (!signal.aborted) {
        const due = Math.floor(((performance.now() - begun) / 1000) * EVENTS_PER_SECOND)
        const messages = Array.from({ length: due - produced }, (_, i) => {
          const [user, item] = chunk[(produced + i) % chunk.length]!
          const userId = dataset.userIds[user]!
          const eventId = `flow:${produced + i}`
          const at = dataset.lastAt + produced + i
          const event = { eventId, userId, itemId: dataset.itemIds[item]!, kind: 'watched', at }
          return { key: userId, value: Buffer.from(JSON.stringify(event)) }
        })
        if (messages.length > 0) await broker.produce('ratings', messages)
        produced = due
        await new Promise((resolve) => setTimeout(resolve, TICK_MS))
      }
      return produced
    }
  })
