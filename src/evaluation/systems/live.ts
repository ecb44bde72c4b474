import { Catalogue } from '../../catalogue/catalogue.ts'
import { partitionFor } from '../../events/topics.ts'
import type { Interaction } from '../../events/types.ts'
import { modelKernels } from '../../kernels/model-kernels.ts'
import { LiveState } from '../../projections/live-state.ts'
import { RELEVANCE, unseenCandidates } from '../../ranking/candidate-ranker.ts'
import { ItemContent } from '../../ranking/item-content.ts'
import { Rankers } from '../../ranking/rankers.ts'
import { ItemIndex } from '../../retrieval/online/item-index.ts'
import { UNTIL_CHANGED } from '../../retrieval/online/live-rows.ts'
import { OnlineState } from '../../retrieval/online/online-state.ts'
import { ReleaseSlot } from '../../retrieval/release-slot.ts'
import { type Scored, SOURCES } from '../../retrieval/retriever.ts'
import { serveExactly } from '../../retrieval/serve-exactly.ts'
import { LiveRecommender } from '../../serving/live-recommender.ts'
import { LIVE_GROUP } from '../../state/keys.ts'
import { openMemoryStateStore } from '../../state/memory-state-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import { type Events, interactionAt } from '../events.ts'
import { type FittedFiles, readFitted } from '../fitted-models.ts'
import { referenceRarity, scoreReference } from '../reference-co-visitation.ts'
import type { Query, Scorer } from './scorer.ts'
import { putBehind } from './unranked.ts'

/** Events after which serving reads item statistics again, as it does several times a second. */
export const REFRESH_EVENTS = 100
/** Events that are folded in one go at least, while nobody asks here. */
const BATCH_EVENTS = 1_000

export const SOURCE_NAMES: readonly string[] = SOURCES.map(({ name }) => name)

export const LIVE_SYSTEMS: readonly string[] = ['decayed-popularity', 'co-visitation', 'blend']

/** What serving does, over state that the real projections have folded. */
export interface LiveScorer extends Scorer {
  /** What went into the last `score`. */
  readonly scored: Scored
}

/** @param fits trained models that take part, one entry a fit of the plan: each is in service from its fit on */
export async function live(
  events: Events,
  partitions: number,
  systems = LIVE_SYSTEMS,
  fits: readonly FittedFiles[] = [],
): Promise<LiveScorer> {
  const onCommit = (partition: number, keys: Iterable<string>) => serving?.online.rows.forget(partition, keys)
  const store = openMemoryStateStore({ partitions, shared: true, onCommit })
  const folds = await Folds.open(events, store)
  const visits = new Float64Array(events.itemIds.length)
  const rarity = new Float64Array(events.itemIds.length).fill(referenceRarity(0))
  const items = new ItemIndex()
  // Serving's indexes are the data's: scores need no translation.
  for (const itemId of events.itemIds) items.index(itemId)
  /** A server that has started with the part of the cases at hand; undefined while others are asked. */
  let serving: { readonly online: OnlineState; readonly recommender: LiveRecommender } | undefined
  const releases = new ReleaseSlot()
  const rankers = new Rankers(SOURCE_NAMES, new ItemContent(items, catalogueOf(events)))
  let scored: Scored | undefined
  let learned = 0
  let askedAt = 0
  let refreshedAt = 0

  async function refresh(): Promise<void> {
    await folds.fold()
    await serving?.recommender.refresh()
    refreshedAt = learned
  }

  const scores: Readonly<Record<string, (query: Query, into: Float64Array) => void>> = {
    'decayed-popularity': (_, into) => {
      const { trend } = serving!.online.table
      for (let item = 0; item < into.length; item++) into[item] = trend[item] ?? 0
    },
    'co-visitation': (_, into) => {
      scoreReference(scored!.context, into, rarity)
      for (let item = 0; item < into.length; item++) into[item]! += 1e-9 * visits[item]!
    },
    blend: (_, into) => {
      for (let item = 0; item < into.length; item++) into[item] = scored!.blended.get(item)
    },
    din: (_, into) => {
      putBehind(scored!, into)
      const ranking = rankers.of(scored!.context.release)?.rank(scored!, unseenCandidates(scored!), RELEVANCE)
      ranking?.items.forEach((item, rank) => {
        into[item] = ranking.logits[rank]!
      })
    },
  }

  return {
    systems,
    get scored() {
      return scored!
    },
    async learn(sequence) {
      const item = events.item[sequence]!
      visits[item]!++
      rarity[item] = referenceRarity(visits[item]!)
      folds.add(sequence)
      learned++
      if (folds.waiting >= BATCH_EVENTS) await folds.fold()
      // While nobody asks, nothing needs to be fresh.
      const isAsked = serving && learned - askedAt <= REFRESH_EVENTS
      if (isAsked && learned % REFRESH_EVENTS === 0) await refresh()
    },
    fit(index) {
      const files = fits[index]
      if (files) releases.swap(serveExactly(readFitted(files, events.itemIds), items, modelKernels))
    },
    async asked(isMine, isFirst) {
      askedAt = learned
      if (!isMine) {
        serving = undefined
        return
      }
      if (isFirst) {
        const online = new OnlineState(store, LIVE_GROUP, items, UNTIL_CHANGED)
        serving = {
          online,
          recommender: new LiveRecommender({ online, catalogue: catalogueOf(events), releases }),
        }
      }
      if (isFirst || learned - refreshedAt >= REFRESH_EVENTS) await refresh()
      await folds.fold()
    },
    async score(query, into) {
      scored = await serving!.recommender.score(events.userIds[query.user]!, query.at)
      for (let at = 0; at < systems.length; at++) scores[systems[at]!]!(query, into[at]!)
    },
  }
}

function catalogueOf(events: Events): Catalogue {
  const catalogue = new Catalogue()
  for (const item of events.catalogue) catalogue.put(item)
  return catalogue
}

/** The projections of all partitions, and the events that they have not folded yet. */
class Folds {
  readonly #events: Events
  readonly #states: readonly LiveState[]
  readonly #waiting: Interaction[][]
  #folded = 0
  waiting = 0

  private constructor(events: Events, states: readonly LiveState[]) {
    this.#events = events
    this.#states = states
    this.#waiting = states.map(() => [])
  }

  static async open(events: Events, store: StateStore): Promise<Folds> {
    const catalogue = catalogueOf(events)
    const states: LiveState[] = []
    for (let partition = 0; partition < store.partitions; partition++) {
      states.push(await LiveState.open(await store.own(LIVE_GROUP, partition), catalogue))
    }
    return new Folds(events, states)
  }

  add(sequence: number): void {
    const event = interactionAt(this.#events, sequence)
    this.#waiting[partitionFor(event.userId, this.#states.length)]!.push(event)
    this.waiting++
  }

  async fold(): Promise<void> {
    for (const [partition, state] of this.#states.entries()) {
      const batch = this.#waiting[partition]!
      if (batch.length === 0) continue
      this.#waiting[partition] = []
      this.waiting -= batch.length
      this.#folded += batch.length
      await state.fold(batch)
      await state.commit({ ratings: this.#folded })
    }
  }
}
