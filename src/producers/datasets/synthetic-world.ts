import type { Random } from '../../random.ts'

/** Dimensions of taste. */
export const FACTORS = 8
/** Items that tend to follow an item. */
export const SUCCESSORS = 6

const GENRES = [
  'Action',
  'Adventure',
  'Animation',
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Fantasy',
  'Horror',
  'Musical',
  'Romance',
  'Sci-Fi',
] as const

/** Share of the items that are there from the start; the others are born along the stream. */
const BORN_BEFORE = 0.6
const SUCCESSOR_CANDIDATES = 48

/** Who there is and what there is, before anything happens. Vectors lie one after the other, FACTORS numbers each. */
export interface World {
  readonly genreFactors: Float32Array
  readonly itemFactors: Float32Array
  readonly userFactors: Float32Array
  /** Up to three genres of each item. */
  readonly itemGenres: readonly (readonly number[])[]
  /** When an item appears, as a share of the stream: 0 to 1. */
  readonly itemBirth: Float64Array
  readonly itemQuality: Float32Array
  /** Logarithm of an item's popularity, before drift. */
  readonly itemAppeal: Float32Array
  /** SUCCESSORS items for each item. */
  readonly successors: Uint32Array
  /** How generously a user rates. */
  readonly userBias: Float32Array
}

export function makeWorld(random: Random, users: number, items: number): World {
  const genreFactors = Float32Array.from({ length: GENRES.length * FACTORS }, () => random.normal())
  const itemGenres = Array.from({ length: items }, () => pickGenres(random))
  const itemFactors = tastes(random, genreFactors, itemGenres, 0.5)
  const likedGenres = Array.from({ length: users }, () => pickGenres(random))
  const userFactors = tastes(random, genreFactors, likedGenres, 0.4)
  const itemQuality = Float32Array.from({ length: items }, () => random.normal())
  const itemAppeal = itemQuality.map((quality) => 0.6 * quality + random.normal())
  return {
    genreFactors,
    itemFactors,
    userFactors,
    itemGenres,
    itemBirth: Float64Array.from({ length: items }, () => (random.uniform() < BORN_BEFORE ? 0 : random.uniform())),
    itemQuality,
    itemAppeal,
    successors: pickSuccessors(random, itemFactors, itemAppeal),
    userBias: Float32Array.from({ length: users }, () => 0.3 * random.normal()),
  }
}

export function genreNames(genres: readonly number[]): string[] {
  return genres.map((genre) => GENRES[genre]!)
}

/** Affinity of a user and an item: about normal, deviation 1. */
export function affinity(world: World, user: number, item: number): number {
  let sum = 0
  for (let f = 0; f < FACTORS; f++) {
    sum += world.userFactors[user * FACTORS + f]! * world.itemFactors[item * FACTORS + f]!
  }
  return sum * Math.sqrt(FACTORS)
}

/** Scales a vector to length 1, in place. */
export function normalise(vectors: Float32Array, index: number): void {
  let squares = 0
  for (let f = 0; f < FACTORS; f++) squares += vectors[index * FACTORS + f]! ** 2
  const scale = 1 / Math.sqrt(squares || 1)
  for (let f = 0; f < FACTORS; f++) vectors[index * FACTORS + f]! *= scale
}

function pickGenres(random: Random): number[] {
  const genres = new Set([random.below(GENRES.length)])
  while (random.uniform() < 0.4 && genres.size < 3) genres.add(random.below(GENRES.length))
  return [...genres].sort((a, b) => a - b)
}

/** For each entry the mean of its genres' vectors with some noise, of length 1. */
function tastes(random: Random, genreFactors: Float32Array, genres: readonly (readonly number[])[], noise: number) {
  const vectors = new Float32Array(genres.length * FACTORS)
  genres.forEach((own, index) => {
    for (let f = 0; f < FACTORS; f++) {
      const sum = own.reduce((total, genre) => total + genreFactors[genre * FACTORS + f]!, 0)
      vectors[index * FACTORS + f] = sum / own.length + noise * random.normal()
    }
    normalise(vectors, index)
  })
  return vectors
}

/** Items alike, as sequels and companions are: the nearest (and the more popular) among some drawn at random. */
function pickSuccessors(random: Random, itemFactors: Float32Array, itemAppeal: Float32Array): Uint32Array {
  const items = itemAppeal.length
  const successors = new Uint32Array(items * SUCCESSORS)
  const likeness = (a: number, b: number) => {
    let sum = 0
    for (let f = 0; f < FACTORS; f++) sum += itemFactors[a * FACTORS + f]! * itemFactors[b * FACTORS + f]!
    return sum
  }
  for (let item = 0; item < items; item++) {
    const drawn = Array.from({ length: SUCCESSOR_CANDIDATES }, () => random.below(items))
    const scored = drawn.map((candidate) => ({
      candidate,
      score: likeness(item, candidate) + 0.3 * itemAppeal[candidate]!,
    }))
    scored.sort((a, b) => b.score - a.score || a.candidate - b.candidate)
    const nearest = [...new Set(scored.map(({ candidate }) => candidate))].filter((candidate) => candidate !== item)
    for (let i = 0; i < SUCCESSORS; i++) successors[item * SUCCESSORS + i] = nearest[i % nearest.length] ?? item
  }
  return successors
}
