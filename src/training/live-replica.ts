import { Catalogue } from '../catalogue/catalogue.ts'
import { TributaryError } from '../errors.ts'
import { partitionFor } from '../events/topics.ts'
import type { Interaction, Item, User } from '../events/types.ts'
import { modelKernels } from '../kernels/model-kernels.ts'
import type { BlendWeights } from '../models/blend-weights.ts'
import type { ReleasedModels } from '../models/released-models.ts'
import { LiveState } from '../projections/live-state.ts'
import { FeatureReader } from '../ranking/features.ts'
import { ItemContent } from '../ranking/item-content.ts'
import { ItemIndex } from '../retrieval/online/item-index.ts'
import { UNTIL_CHANGED } from '../retrieval/online/live-rows.ts'
import { OnlineState } from '../retrieval/online/online-state.ts'
import { ReleaseSlot } from '../retrieval/release-slot.ts'
import { Retriever, type Scored, SOURCES } from '../retrieval/retriever.ts'
import { serveExactly } from '../retrieval/serve-exactly.ts'
import { KEYS, LIVE_GROUP } from '../state/keys.ts'
import { openMemoryStateStore } from '../state/memory-state-store.ts'

/** Events after which item statistics are read again, as serving does several times a second. */
export const REFRESH_EVENTS = 100
/** Events of a partition that are folded in one go at most. */
const BATCH_EVENTS = 1_000

export interface LiveReplicaOptions {
  readonly items: readonly Item[]
  /** Given the item indexes 0, 1, …; others follow as they are met. */
  readonly itemIds?: readonly string[]
  /** To be shared with another state. */
  readonly index?: ItemIndex
  /** Whose profiles are known. */
  readonly users: readonly (User | undefined)[]
  /** As many as serving has: the bounds of the state are per partition. */
  readonly partitions: number
}

/**
 * A live state of its own, folded from the log event by event by the real projections, that answers what retrieval would
 * have said at any moment on the way: so that what a ranker learns from is what serving would have shown.
 */
export class LiveReplica {
  readonly items: ItemIndex
  readonly catalogue: Catalogue
  readonly #folds: readonly LiveState[]
  readonly #waiting: Interaction[][]
  /** As serving reads it: what is read again when `catchUp` and `refresh` say so, or whoever uses it. */
  readonly online: OnlineState
  readonly #retriever: Retriever
  readonly #releases: ReleaseSlot
  /** A partition has met items that it had not. */
  #hasNewItems = false
  #folded = 0
  #weights: BlendWeights | undefined
  #refreshedAt = Number.NEGATIVE_INFINITY

  static async open(options: LiveReplicaOptions): Promise<LiveReplica> {
    const { partitions } = options
    const store = openMemoryStateStore({
      partitions,
      shared: true,
      onCommit: (partition, keys) => replica.#committed(partition, [...keys]),
    })
    const items = options.index ?? new ItemIndex()
    for (const itemId of options.itemIds ?? []) items.index(itemId)
    const online = new OnlineState(store, LIVE_GROUP, items, UNTIL_CHANGED)
    const catalogue = new Catalogue()
    for (const item of options.items) catalogue.put(item)
    const folds: LiveState[] = []
    for (let partition = 0; partition < partitions; partition++) {
      folds.push(await LiveState.open(await store.own(LIVE_GROUP, partition), catalogue))
    }
    const releases = new ReleaseSlot()
    const retriever = new Retriever({ online, catalogue, releases })
    const replica: LiveReplica = new LiveReplica(items, catalogue, folds, online, retriever, releases)
    for (const user of options.users) if (user) folds[partitionFor(user.userId, partitions)]!.foldProfile(user)
    for (const fold of folds) await fold.commit({})
    return replica
  }

  private constructor(
    items: ItemIndex,
    catalogue: Catalogue,
    folds: readonly LiveState[],
    online: OnlineState,
    retriever: Retriever,
    releases: ReleaseSlot,
  ) {
    this.items = items
    this.catalogue = catalogue
    this.#folds = folds
    this.#waiting = folds.map(() => [])
    this.online = online
    this.#retriever = retriever
    this.#releases = releases
  }

  /** Of what `ask` and `example` answer. */
  featureReader(): FeatureReader {
    const sources = SOURCES.map(({ name }) => name)
    return new FeatureReader(sources, new ItemContent(this.items, this.catalogue))
  }

  /** The event has happened. */
  async push(event: Interaction): Promise<void> {
    const partition = partitionFor(event.userId, this.#folds.length)
    this.#folded++
    if (this.#waiting[partition]!.push(event) >= BATCH_EVENTS) await this.#foldPartition(partition)
  }

  /** From now on these models take part in retrieval, as if their release had come into service. */
  serve(released: ReleasedModels): void {
    this.#releases.swap(serveExactly(released, this.items, modelKernels))
  }

  /** From now on sources weigh this much in the blend. */
  weigh(weights: BlendWeights): void {
    this.#weights = weights
  }

  /**
   * What retrieval said just before an event that has not been pushed yet, to learn from.
   *
   * @throws INTERNAL where the models that take part were trained on later events: what they say of this one is no
   * prediction, and a ranker would learn to believe it
   */
  example({ userId, at }: Pick<Interaction, 'userId' | 'at'>): Promise<Scored> {
    const watermark = this.#releases.current?.watermark ?? Number.NEGATIVE_INFINITY
    if (watermark > at) {
      const message = `models that have seen events up to ${watermark} are asked about one of ${at} as an example`
      throw new TributaryError('INTERNAL', message, { watermark, at })
    }
    return this.ask(userId, at)
  }

  /** What retrieval says for a user, everything pushed so far being known. Valid until the next call of any method. */
  async ask(userId: string, at: number): Promise<Scored> {
    await this.catchUp()
    return this.#retriever.run(await this.#retriever.context({ userId }, [], at), this.#weights)
  }

  /** Folds what has been pushed, and reads statistics again where that is due. */
  async catchUp(): Promise<void> {
    if (this.#folded - this.#refreshedAt >= REFRESH_EVENTS) await this.refresh()
    else await this.fold()
  }

  /** The same, due or not: for who must read them at moments that do not depend on what was asked in between. */
  async refresh(): Promise<void> {
    await this.fold()
    if (this.#folded === this.#refreshedAt) return
    await this.online.refresh()
    this.#retriever.lists.refresh(this.online.table)
    this.#refreshedAt = this.#folded
  }

  /** Folds what has been pushed; statistics stay as they were read last. */
  async fold(): Promise<void> {
    for (let partition = 0; partition < this.#folds.length; partition++) await this.#foldPartition(partition)
    if (this.#hasNewItems) await this.online.readVocabularies()
    this.#hasNewItems = false
  }

  #committed(partition: number, keys: readonly string[]): void {
    this.#hasNewItems ||= keys.some((key) => key.startsWith(KEYS.items))
    this.online.rows.forget(partition, keys)
  }

  async #foldPartition(partition: number): Promise<void> {
    const batch = this.#waiting[partition]!
    if (batch.length === 0) return
    this.#waiting[partition] = []
    await this.#folds[partition]!.fold(batch)
    await this.#folds[partition]!.commit({ ratings: this.#folded })
  }
}
