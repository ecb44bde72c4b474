// What the dials of a slate cost and what feedback does to it, on the questions of leave-one-out: the accuracy and the
// diversity of ten items by each diversifier at some settings of its dial, and how many of ten are others after one like,
// and after five. Live state alone, ordered by a ranker that has rehearsed the protocol.
import { openPlan } from '../src/bin/evaluation-threads.ts'
import { interactionAt } from '../src/evaluation/events.ts'
import { intraListDiversity } from '../src/evaluation/list-metrics.ts'
import type { Case } from '../src/evaluation/plan.ts'
import { rankerNames } from '../src/evaluation/systems/ranker-examples.ts'
import { rehearseRanker } from '../src/evaluation/systems/rehearse-ranker.ts'
import { Random } from '../src/random.ts'
import { CANDIDATES, type Ranking, unseenCandidates } from '../src/ranking/candidate-ranker.ts'
import { DIVERSIFIERS, type DiversifierName, diversify } from '../src/ranking/diversify.ts'
import { ItemContent } from '../src/ranking/item-content.ts'
import { rankCandidates } from '../src/ranking/rank-candidates.ts'
import { LiveReplica } from '../src/training/live-replica.ts'
import { type Benchmark, percentile, rounded } from './benchmark.ts'

const K = 10
const DIALS = [0.1, 0.2, 0.3, 0.5]
const LIKES = 5
/** Users who like something. */
const LIKING = 300

export const run: Benchmark = async ({ config, data, status }) => {
  const source = { protocol: 'leave-one-out', data, columns: {}, config }
  const plan = await openPlan(source, { every: 1, seed: 1 })
  const { events } = plan
  status('rehearsing')
  const { learner } = await rehearseRanker(plan.rehearsal!, rankerNames(), config.partitions, undefined)
  const { catalogue, itemIds, users } = events
  const replica = await LiveReplica.open({
    items: catalogue,
    itemIds,
    users,
    partitions: config.partitions,
  })
  const reader = replica.featureReader()
  const content = new ItemContent(replica.items, replica.catalogue)
  const genres = events.genres.map((names) => new Set(names))
  const scores = new Float64Array(CANDIDATES)
  const rank = async (user: number, at: number): Promise<Ranking> => {
    const scored = await replica.ask(events.userIds[user]!, at)
    const candidates = unseenCandidates(scored)
    rankCandidates(learner.parameters, reader.read(scored, candidates), scores)
    const rows = candidates.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]!)
    return { items: rows.map((row) => candidates[row]!), logits: rows.map((row) => scores[row]!) }
  }

  const settings = [
    ['', 0] as const,
    ...Object.keys(DIVERSIFIERS).flatMap((by) => DIALS.map((dial) => [by, dial] as const)),
  ]
  const sums = settings.map(() => ({ hits: 0, gain: 0, diversity: 0 }))
  const cases: Case[] = []
  for (const step of plan.steps()) {
    if (step.type === 'learn') await replica.push(interactionAt(events, step.sequence))
    else if (step.type === 'predict') cases.push(step.case)
  }
  for (const [index, { user, at, targets }] of cases.entries()) {
    if (index % 100 === 0) status(`case ${index} of ${cases.length}`)
    const ranking = await rank(user, at)
    for (const [setting, [by, dial]] of settings.entries()) {
      const slate = diversify(ranking, content, K, dial, (by || 'mmr') as DiversifierName)
      const place = slate.indexOf(events.item[targets[0]!]!)
      const sum = sums[setting]!
      sum.diversity += intraListDiversity(slate, genres)
      if (place >= 0) {
        sum.hits++
        sum.gain += 1 / Math.log2(place + 2)
      }
    }
  }

  // After the questions: likes are events, and the state would be another.
  const random = new Random(1)
  const changed: number[][] = []
  const every = Math.max(1, Math.floor(cases.length / LIKING))
  for (let at = 0; at < cases.length; at += every) {
    status(`likes of user ${at} of ${cases.length}`)
    changed.push(await gone(cases[at]!))
  }
  const after = (likes: number) => changed.map((counts) => counts[likes - 1]!).sort((a, b) => a - b)
  const figures = settings.map(([by, dial], setting) => {
    const { hits, gain, diversity } = sums[setting]!
    const [hr, ndcg, distance] = [hits, gain, diversity].map((sum) => rounded(sum / cases.length, 4))
    return [by ? `${by} ${dial}` : 'ranker', { 'HR@10': hr, 'NDCG@10': ndcg, 'Diversity@10': distance }]
  })
  return {
    cases: cases.length,
    ...Object.fromEntries(figures),
    users: changed.length,
    goneAfterOneLike: {
      median: percentile(after(1), 50),
      p10: percentile(after(1), 10),
      p90: percentile(after(1), 90),
    },
    goneAfterFiveLikes: {
      median: percentile(after(LIKES), 50),
      p10: percentile(after(LIKES), 10),
      p90: percentile(after(LIKES), 90),
    },
  }

  /** By likes: of the first ten, those that were not liked and yet are no longer shown. */
  async function gone({ user, at }: Case): Promise<number[]> {
    const before = (await rank(user, at)).items.slice(0, K)
    const counts: number[] = []
    let shown = before
    const liked = new Set<number>()
    for (let like = 1; like <= LIKES; like++) {
      const item = shown[random.below(shown.length)]!
      liked.add(item)
      const time = at + 1_000 * like
      const [userId, itemId] = [events.userIds[user]!, events.itemIds[item]!]
      await replica.push({ eventId: `like-${user}-${like}`, userId, itemId, kind: 'like', at: time })
      shown = (await rank(user, time + 1)).items.slice(0, K)
      // What is liked makes room: that alone is no change of mind.
      const kept = shown.filter((item) => before.includes(item)).length
      counts.push(K - [...liked].filter((item) => before.includes(item)).length - kept)
    }
    return counts
  }
}
