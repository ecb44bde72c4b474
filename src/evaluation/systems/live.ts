import { Catalogue } from '../../catalogue/catalogue.ts'
import { partitionFor } from '../../events/topics.ts'
import type { Interaction } from '../../events/types.ts'
import { LiveState } from '../../projections/live-state.ts'
import { ItemIndex } from '../../retrieval/online/item-index.ts'
import { OnlineState } from '../../retrieval/online/online-state.ts'
import { type Scored, SOURCES } from '../../retrieval/retriever.ts'
import { Scores } from '../../retrieval/sources/scores.ts'
import { LiveRecommender } from '../../serving/live-recommender.ts'
import { LIVE_GROUP } from '../../state/keys.ts'
import { openMemoryStateStore } from '../../state/memory-state-store.ts'
import { type Events, interactionAt } from '../events.ts'
import { referenceRarity, scoreReference } from '../reference-co-visitation.ts'
import type { Scorer } from './scorer.ts'

/** Events after which serving reads item statistics again, as it does several times a second. */
const REFRESH_EVENTS = 100
/** Events that are folded in one go at most. */
const BATCH_EVENTS = 1_000

export const SOURCE_NAMES: readonly string[] = SOURCES.map(({ name }) => name)

/** What serving does, over state that the real projections have folded. */
export interface LiveScorer extends Scorer {
  /** What went into the last `score`. */
  readonly scored: Scored
}

export async function live(events: Events, partitions: number): Promise<LiveScorer> {
  const store = openMemoryStateStore({ partitions, shared: true })
  const catalogue = new Catalogue()
  for (const item of events.catalogue) catalogue.put(item)
  const items = new ItemIndex()
  // Serving's indexes are the data's: scores need no translation.
  for (const itemId of events.itemIds) items.index(itemId)
  const online = new OnlineState(store, LIVE_GROUP, items)
  const recommender = new LiveRecommender({ online, catalogue })
  const folds: LiveState[] = []
  for (let partition = 0; partition < partitions; partition++) {
    folds.push(await LiveState.open(await store.own(LIVE_GROUP, partition), catalogue))
  }
  const waiting: Interaction[][] = folds.map(() => [])
  const visits = new Float64Array(events.itemIds.length)
  const rarity = new Float64Array(events.itemIds.length).fill(referenceRarity(0))
  const reference = new Scores()
  let learned = 0
  let askedAt = 0
  let refreshedAt = 0
  let scored: Scored | undefined

  async function fold(partition: number): Promise<void> {
    const batch = waiting[partition]!
    if (batch.length === 0) return
    waiting[partition] = []
    await folds[partition]!.fold(batch)
    await folds[partition]!.commit({ ratings: learned })
  }

  async function refresh(): Promise<void> {
    for (let partition = 0; partition < partitions; partition++) await fold(partition)
    await recommender.refresh()
    refreshedAt = learned
  }

  await refresh()
  return {
    systems: ['decayed-popularity', 'co-visitation', 'blend'],
    get scored() {
      return scored!
    },
    async learn(sequence) {
      const event = interactionAt(events, sequence)
      const item = events.item[sequence]!
      visits[item]!++
      rarity[item] = referenceRarity(visits[item]!)
      const partition = partitionFor(event.userId, partitions)
      waiting[partition]!.push(event)
      learned++
      if (waiting[partition]!.length >= BATCH_EVENTS) await fold(partition)
      // While nobody asks, nothing needs to be fresh.
      if (learned % REFRESH_EVENTS === 0 && learned - askedAt <= REFRESH_EVENTS) await refresh()
    },
    async prepare(user) {
      askedAt = learned
      for (let partition = 0; partition < partitions; partition++) await fold(partition)
      if (learned - refreshedAt >= REFRESH_EVENTS) await refresh()
      // Reading a user may bring vocabularies up to date.
      await online.user(events.userIds[user]!)
    },
    async score({ user, at }, [trend, coVisits, blend]) {
      scored = await recommender.score(events.userIds[user]!, at)
      const { context, blended } = scored
      scoreReference(context, reference, items.size, rarity)
      for (let item = 0; item < visits.length; item++) {
        trend![item] = online.table.trend[item] ?? 0
        coVisits![item] = reference.get(item) + 1e-9 * visits[item]!
        blend![item] = blended.get(item)
      }
    },
  }
}
