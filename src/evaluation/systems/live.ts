import { RELEVANCE, unseenCandidates } from '../../ranking/candidate-ranker.ts'
import { ItemContent } from '../../ranking/item-content.ts'
import { Rankers } from '../../ranking/rankers.ts'
import { type Scored, SOURCES } from '../../retrieval/retriever.ts'
import { LiveReplica } from '../../training/live-replica.ts'
import { interactionAt } from '../events.ts'
import { type Fits, readFitted } from '../fitted-models.ts'
import type { Plan } from '../plan.ts'
import { referenceRarity, scoreReference } from '../reference-co-visitation.ts'
import type { Scorer } from './scorer.ts'
import { putBehind } from './unranked.ts'

export const SOURCE_NAMES: readonly string[] = SOURCES.map(({ name }) => name)

export const LIVE_SYSTEMS: readonly string[] = ['decayed-popularity', 'co-visitation', 'blend']

/** What serving does, over state that the real projections have folded. */
export interface LiveScorer extends Scorer {
  /** What went into the last `score`. */
  readonly scored: Scored
  /** The state, for what ranks what is retrieved from it. */
  readonly replica: LiveReplica
}

/** @param fitted trained models that take part: those of a rehearsal in the stream from its moment on, then of each fit */
export async function live(
  { events, rehearsal: apart }: Pick<Plan, 'events' | 'rehearsal'>,
  partitions: number,
  systems = LIVE_SYSTEMS,
  fitted?: Fits,
): Promise<LiveScorer> {
  const { itemIds, users, catalogue } = events
  // The replica's indexes are the data's: scores need no translation.
  const replica = await LiveReplica.open({ items: catalogue, itemIds, users, partitions })
  const rankers = new Rankers(SOURCE_NAMES, new ItemContent(replica.items, replica.catalogue))
  const visits = new Float64Array(itemIds.length)
  const rarity = new Float64Array(itemIds.length).fill(referenceRarity(0))
  const rehearsal = apart ? undefined : fitted?.rehearsal
  let learned = 0
  let scored: Scored | undefined

  const scores: Readonly<Record<string, (found: Scored, into: Float64Array) => void>> = {
    'decayed-popularity': ({ context: { table } }, into) => {
      for (let item = 0; item < into.length; item++) into[item] = table.trend[item] ?? 0
    },
    'co-visitation': ({ context }, into) => {
      scoreReference(context, into, rarity)
      for (let item = 0; item < into.length; item++) into[item]! += 1e-9 * visits[item]!
    },
    blend: ({ blended }, into) => {
      for (let item = 0; item < into.length; item++) into[item] = blended.get(item)
    },
    din: (found, into) => {
      putBehind(found, into)
      const ranking = rankers.of(found.context.release)?.rank(found, unseenCandidates(found), RELEVANCE)
      ranking?.items.forEach((item, rank) => {
        into[item] = ranking.logits[rank]!
      })
    },
  }

  return {
    systems,
    replica,
    get scored() {
      return scored!
    },
    async begin(_, mayAsk) {
      if (mayAsk) await replica.refresh()
    },
    async learn(sequence) {
      const item = events.item[sequence]!
      visits[item]!++
      rarity[item] = referenceRarity(visits[item]!)
      await replica.push(interactionAt(events, sequence))
      if (++learned === rehearsal?.learned) replica.serve(readFitted(rehearsal.files, itemIds))
    },
    fit(index) {
      const files = fitted?.fits[index]
      if (files) replica.serve(readFitted(files, itemIds))
    },
    asked: () => replica.catchUp(),
    async score({ user, at }, into) {
      const found = await replica.ask(events.userIds[user]!, at)
      for (let at = 0; at < systems.length; at++) scores[systems[at]!]!(found, into[at]!)
      scored = found
    },
  }
}
