import type { Item } from '../events/types.ts'
import { atOnce, type Pace } from '../in-passing.ts'
import { type BlendWeights, blendWeightsIn } from '../models/blend-weights.ts'
import type { ItemTower } from '../models/item-tower.ts'
import type { ModelKernels } from '../models/model-kernels.ts'
import type { ModelName } from '../models/model-trainer.ts'
import type { NeighbourVotes } from '../models/neighbour-lists.ts'
import type { PairScores } from '../models/pair-scores.ts'
import type { QueryHistory, QueryModel } from '../models/query-model.ts'
import type { Tensors } from '../models/tensors.ts'
import type { LoadedRelease } from '../releases/load-release.ts'
import type { Neighbours, VectorIndex } from '../vector-index/vector-index.ts'
import { ItemVectors } from './item-vectors.ts'
import { nearestEmbeddings } from './nearest-embeddings.ts'
import type { ItemIndex } from './online/item-index.ts'
import type { HistoryEntry, UserState } from './online/online-state.ts'

/** Items that nobody has met when a release is loaded, and that its vocabulary lacks: taken in up to this many. */
const NEW_ITEMS_AT_ONCE = 1_000
/** Queries that bring the code of a release up to speed before anyone waits for it. */
const WARM_UP_QUERIES = 20

/** Whom a model is asked about, and when. */
export interface Asked {
  /** Newest first. */
  readonly history: readonly HistoryEntry[]
  /** Undefined for an anonymous session. */
  readonly user?: Pick<UserState, 'profile'> | undefined
  /** Stream time, ms. */
  readonly now: number
}

/** Of items: visits by item index, and a number that changes with them. */
interface Statistics {
  readonly visits: Float64Array
  readonly revision: number
}

interface Tower {
  readonly model: QueryModel
  readonly index: VectorIndex
  readonly query: Float32Array
  /** What `query` was made of, and whether there is one. */
  asked?: QueryHistory
  answered: boolean
  readonly vectors: ItemVectors
}

/**
 * A release as requests use it: its query models and indexes, and its vocabulary translated to the item indexes of this
 * process. Grows by the items that the catalogue brings after it was trained. One call at a time.
 */
export class ServedRelease {
  readonly version: string
  readonly watermark: number
  readonly models: ReadonlyMap<ModelName, Tensors>
  /** What sources weigh, as the ranker that puts their candidates in order has learned it. */
  readonly blendWeights: BlendWeights
  /** Of its model `din`, where it has one. */
  readonly pairScores: PairScores | undefined
  readonly #items: ItemIndex
  readonly #towers = new Map<ModelName, Tower>()
  readonly #itemTower: ItemTower | undefined
  /** Item index by label: the vocabulary, then what is new. */
  readonly #itemOf: number[]
  /** Label by item index, -1 for none. */
  #labelOf = new Int32Array(0)
  #labels = new Int32Array(0)
  readonly #vocabulary: number
  readonly #votes: NeighbourVotes | undefined
  #barelyMet: readonly number[] = []
  /** Of the statistics that `#barelyMet` was made of; undefined where it must be made anew. */
  #barelyMetOf: number | undefined
  #asked: (Asked & { readonly columns: QueryHistory }) | undefined

  /** Not for requests before `prepare` has resolved. */
  constructor(loaded: Omit<LoadedRelease, 'manifest'>, items: ItemIndex, kernels: ModelKernels) {
    this.version = loaded.version
    this.watermark = loaded.watermark
    this.models = loaded.models
    this.#items = items
    this.#itemOf = loaded.itemIds.map((itemId) => items.index(itemId))
    this.#vocabulary = loaded.itemIds.length
    for (const [label, item] of this.#itemOf.entries()) this.#setLabel(item, label)
    for (const [name, index] of loaded.indexes) {
      const model = kernels.queryModel(name, loaded.models.get(name)!)
      if (!model) continue
      const { dimensions } = model
      const vectors = new ItemVectors(model.items, dimensions)
      this.#towers.set(name, { model, index, vectors, query: new Float32Array(dimensions), answered: false })
    }
    const lists = loaded.models.get('item-cf')
    this.#votes = lists && kernels.neighbourVotes(lists)
    const din = loaded.models.get('din')
    this.blendWeights = blendWeightsIn(din ?? loaded.models.get('ranker') ?? new Map())
    this.pairScores = din && kernels.pairScores(din)
    const twoTower = loaded.models.get('two-tower')
    this.#itemTower = twoTower && kernels.itemTower(twoTower)
  }

  /** Takes in what is new in `catalogue`. Resolves when the release is as quick as it will be. */
  async prepare(catalogue: Iterable<Item>, pace: Pace = atOnce): Promise<void> {
    for (const item of catalogue) {
      if (this.#itemOf.length - this.#vocabulary >= NEW_ITEMS_AT_ONCE) break
      if ((this.#labelOf[this.#items.index(item.itemId)] ?? -1) < 0) await pace(() => this.put(item))
    }
    await this.#warmUp(pace)
    await this.pairScores?.prepare(Array(this.#vocabulary).keys(), pace)
  }

  /** The models that retrieve by vector. */
  get retrievers(): readonly ModelName[] {
    return [...this.#towers.keys()]
  }

  /** Index of the vocabulary, or -1 for an item that was not there when the release was trained. */
  vocabularyIndex(item: number): number {
    const label = this.#labelOf[item] ?? -1
    return label < this.#vocabulary ? label : -1
  }

  /** Item index of an index of the vocabulary, or of what `search` found. */
  item(label: number): number {
    return this.#itemOf[label]!
  }

  /** Labels nearest to what a model makes of who is asked about; undefined where it has nothing to say. */
  search(name: ModelName, asked: Asked, k: number): Neighbours | undefined {
    const query = this.#query(name, asked)
    return query && this.#towers.get(name)!.index.search(query, k)
  }

  /** Worked out once for all that ask about the same; valid until the model's next call. */
  #query(name: ModelName, asked: Asked): Float32Array | undefined {
    const tower = this.#towers.get(name)
    if (!tower) return undefined
    const columns = this.#columns(asked)
    if (tower.asked !== columns) {
      tower.asked = columns
      tower.answered = tower.model.query(columns, tower.query)
    }
    return tower.answered ? tower.query : undefined
  }

  /**
   * Puts an item that the vocabulary lacks into the two-tower index by what the catalogue says of it.
   * @returns false where it is there already, or the tower cannot place it
   */
  put(item: Item): boolean {
    const index = this.#items.index(item.itemId)
    const tower = this.#towers.get('two-tower')
    const before = this.#labelOf[index] ?? -1
    if (!tower || !this.#itemTower || (before >= 0 && before < this.#vocabulary)) return false
    const vector = new Float32Array(tower.model.dimensions)
    if (!this.#itemTower.embed(item, vector)) return false
    const label = before >= 0 ? before : this.#itemOf.push(index) - 1
    tower.index.add(label, vector)
    tower.vectors.put(label, vector)
    this.#setLabel(index, label)
    this.#barelyMetOf = undefined
    return true
  }

  #setLabel(item: number, label: number): void {
    if (item >= this.#labelOf.length) {
      const larger = new Int32Array(Math.max(1024, 2 * item)).fill(-1)
      larger.set(this.#labelOf)
      this.#labelOf = larger
    }
    this.#labelOf[item] = label
  }

  /** Calls `add` for every vote of the neighbour lists, by item index. */
  vote(asked: Asked, add: (item: number, vote: number) => void): void {
    this.#votes?.vote(this.#columns(asked), (label, vote) => add(this.#itemOf[label]!, vote))
  }

  /** Items that fewer than `below` have visited, the newest last, at most `limit`: made anew when statistics have moved. */
  barelyMet({ visits, revision }: Statistics, below: number, limit: number): readonly number[] {
    if (revision === this.#barelyMetOf) return this.#barelyMet
    this.#barelyMetOf = revision
    this.#barelyMet = this.#itemOf.filter((item) => !(visits[item]! >= below)).slice(-limit)
    return this.#barelyMet
  }

  /**
   * What a model thinks of some items (indexes), -Infinity where it lacks one; undefined where it has nothing to say.
   * Valid until the model is asked again.
   */
  scores(name: ModelName, items: readonly number[], asked: Asked): Float64Array | undefined {
    const query = this.#query(name, asked)
    if (!query) return undefined
    const { vectors } = this.#towers.get(name)!
    const labels = this.#labelsIn(vectors, items)
    const scores = vectors.innerProducts(labels, query)
    for (let i = 0; i < labels.length; i++) if (labels[i]! < 0) scores[i] = Number.NEGATIVE_INFINITY
    return scores
  }

  /**
   * How alike items are to one in the space of a model's item embeddings, 0 for those that have none there; undefined
   * where that one has none. Valid until the model is asked again.
   */
  cosines(name: ModelName, item: number, others: readonly number[]): Float64Array | undefined {
    const vectors = this.#towers.get(name)?.vectors
    const of = vectors ? this.#labelIn(vectors, item) : -1
    return vectors && of >= 0 ? vectors.cosines(this.#labelsIn(vectors, others), of) : undefined
  }

  /** The items nearest to one in the space of a model's item embeddings; undefined where it has none of the item. */
  nearest(name: ModelName, item: number, k: number): { readonly item: number; readonly cosine: number }[] | undefined {
    const vectors = this.#towers.get(name)?.vectors
    const of = vectors ? this.#labelIn(vectors, item) : -1
    if (!vectors || of < 0) return undefined
    const { labels, cosines } = nearestEmbeddings(of, k, vectors.size, (label) => vectors.of(label))
    return labels.map((label, rank) => ({ item: this.#itemOf[label]!, cosine: cosines[rank]! }))
  }

  /** -1 for an item that a model has no embedding of: what came after the training, only the item tower places. */
  #labelIn(vectors: ItemVectors, item: number): number {
    const label = this.#labelOf[item] ?? -1
    return label < vectors.size ? label : -1
  }

  /** Valid until the next call. */
  #labelsIn({ size }: ItemVectors, items: readonly number[]): Int32Array {
    if (items.length > this.#labels.length) this.#labels = new Int32Array(2 * items.length)
    const labelOf = this.#labelOf
    const labels = this.#labels.subarray(0, items.length)
    for (let i = 0; i < items.length; i++) {
      const label = labelOf[items[i]!] ?? -1
      labels[i] = label < size ? label : -1
    }
    return labels
  }

  /** Gives the memory of the indexes back. No request may be using it any more. */
  close(): void {
    for (const { index } of this.#towers.values()) index.close()
    this.#towers.clear()
  }

  /** The history as the query models read it; made once for all that ask about the same. */
  #columns({ history, user, now }: Asked): QueryHistory {
    const before = this.#asked
    if (before?.history === history && before.user === user && before.now === now) return before.columns
    const { length } = history
    const columns = {
      length,
      item: new Int32Array(length),
      kind: new Uint8Array(length),
      value: new Float32Array(length),
      at: new Float64Array(length),
      now,
      attributes: user?.profile?.attributes,
    }
    for (let i = 0; i < length; i++) {
      const entry = history[length - 1 - i]!
      columns.item[i] = this.vocabularyIndex(entry.item)
      columns.kind[i] = entry.kind
      columns.value[i] = entry.value
      columns.at[i] = entry.at
    }
    this.#asked = { history, user, now, columns }
    return columns
  }

  async #warmUp(pace: Pace): Promise<void> {
    for (let n = 0; n < WARM_UP_QUERIES; n++) {
      const history = Array.from({ length: Math.min(this.#vocabulary, 1 + (n % 50)) }, (_, i) => ({
        item: this.#itemOf[(7 * n + i) % this.#vocabulary]!,
        kind: 0,
        value: 4,
        at: this.watermark - 60_000 * i,
      }))
      for (const name of this.retrievers) await pace(() => this.search(name, { history, now: this.watermark }, 100))
    }
    this.#asked = undefined
  }
}
