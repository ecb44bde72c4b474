// Approximate search in a hierarchical navigable small world graph (Malkov and Yashunin, IEEE TPAMI 2020), by hnswlib.
import type { HierarchicalNSW } from 'hnswlib-node'
import { TributaryError } from '../errors.ts'
import { checkLength, checkVector } from './check-vector.ts'
import type { Neighbours, VectorIndex } from './vector-index.ts'

/** Edges a vector has unless told otherwise, in the library's terms M. 16, the library's default, loses one neighbour in fifty where norms differ as those of items do. */
const EDGES = 32
/** Vectors looked at while one is put in, unless told otherwise. */
const EF_CONSTRUCTION = 200
const SEED = 1
const FIRST_CAPACITY = 1024
const GROWTH = 1.5

export interface HnswlibOptions {
  readonly dimensions: number
  /** Vectors looked at in a search at least: more find more, and take longer. */
  readonly efSearch: number
}

export interface HnswlibBuildOptions extends HnswlibOptions {
  /** Vectors that there is room for at first. */
  readonly capacity?: number
  readonly edges?: number
  readonly efConstruction?: number
}

export type Library = typeof import('hnswlib-node')

/** Loaded once a process: undefined where the optional package is not installed or does not run here. */
let library: Promise<Library | undefined> | undefined

export function loadHnswlib(): Promise<Library | undefined> {
  library ??= import('hnswlib-node').then(
    // A CommonJS module: its names are on the default export.
    (module) => (module as Library & { default?: Library }).default ?? module,
    () => undefined,
  )
  return library
}

export class HnswlibVectorIndex implements VectorIndex {
  readonly dimensions: number
  readonly #graph: HierarchicalNSW
  #efSearch: number

  private constructor(graph: HierarchicalNSW, { dimensions, efSearch }: HnswlibOptions) {
    this.dimensions = dimensions
    this.#efSearch = efSearch
    this.#graph = graph
    // Belongs to the process, not to the file: what is loaded begins with the library's 10.
    graph.setEf(efSearch)
  }

  static create(library: Library, options: HnswlibBuildOptions): HnswlibVectorIndex {
    const { dimensions, capacity = FIRST_CAPACITY, edges: m = EDGES, efConstruction = EF_CONSTRUCTION } = options
    const graph = new library.HierarchicalNSW('ip', dimensions)
    graph.initIndex({ maxElements: Math.max(1, capacity), m, efConstruction, randomSeed: SEED })
    return new HnswlibVectorIndex(graph, options)
  }

  /** Reads what `save` wrote, without holding up this thread. @throws CORRUPT where that is not what is there */
  static async load(library: Library, path: string, options: HnswlibOptions): Promise<HnswlibVectorIndex> {
    const graph = new library.HierarchicalNSW('ip', options.dimensions)
    try {
      await graph.readIndex(path)
    } catch (cause) {
      throw new TributaryError('CORRUPT', `${path} is not an index of vectors that can be read`, { path }, cause)
    }
    return new HnswlibVectorIndex(graph, options)
  }

  get size(): number {
    return this.#graph.getCurrentCount()
  }

  get efSearch(): number {
    return this.#graph.getEf()
  }

  set efSearch(value: number) {
    this.#efSearch = value
    this.#graph.setEf(value)
  }

  add(label: number, vector: Float32Array): void {
    checkVector(vector, this.dimensions, label)
    const capacity = this.#graph.getMaxElements()
    if (this.size >= capacity) this.#graph.resizeIndex(Math.ceil(capacity * GROWTH) + 1)
    this.#graph.addPoint(Array.from(vector), label)
  }

  search(query: Float32Array, k: number, keeps?: (label: number) => boolean): Neighbours {
    checkLength(query, this.dimensions)
    const wanted = Math.min(k, this.size)
    if (wanted === 0) return { labels: [], scores: [] }
    // The library looks at no more than the greater of the two.
    if (wanted > this.#efSearch) this.#graph.setEf(wanted)
    const { neighbors, distances } = this.#graph.searchKnn(Array.from(query), wanted, keeps)
    if (wanted > this.#efSearch) this.#graph.setEf(this.#efSearch)
    return { labels: neighbors, scores: distances.map((distance) => 1 - distance) }
  }

  async save(path: string): Promise<void> {
    await this.#graph.writeIndex(path)
  }

  /** At once: left to the garbage collector, which does not see how large it is, the graph could stay for long. */
  close(): void {
    this.#graph.initIndex({ maxElements: 1 })
  }
}
