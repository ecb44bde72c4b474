import type { Random } from '../random.ts'
import type { Negatives } from './two-tower-batches.ts'

/**
 * Draws negatives: evenly over the catalogue and its genres, so that rare items and the target's neighbours are pushed
 * away as well as popular ones, and, once queries have been mined, among what these confuse with their targets.
 */
export class NegativeSampler {
  readonly #size: number
  readonly #random: Random
  readonly #items: number
  /** Expected copies of each item, for the correction. */
  readonly #even: Float32Array
  readonly #byGenre: readonly (readonly number[])[]
  #hard: readonly number[] = []

  /** @param genres by item */
  constructor(size: number, genres: readonly (readonly string[])[], random: Random) {
    this.#size = size
    this.#random = random
    this.#items = genres.length
    const byGenre = new Map<string, number[]>()
    genres.forEach((names, item) => {
      for (const name of names) {
        const known = byGenre.get(name)
        if (known) known.push(item)
        else byGenre.set(name, [item])
      }
    })
    this.#byGenre = [...byGenre.values()]
    const perGenre = this.#byGenre.length > 0 ? GENRE_SHARE : 0
    this.#even = new Float32Array(this.#items).fill((1 - perGenre) / this.#items)
    for (const members of this.#byGenre) {
      for (const item of members) this.#even[item]! += perGenre / this.#byGenre.length / members.length
    }
  }

  /** From now on a part is drawn among these, repetitions included. */
  mine(hard: readonly number[]): void {
    this.#hard = hard
  }

  draw(): Negatives {
    const hard = this.#hard.length > 0 ? Math.floor(HARD_SHARE * this.#size) : 0
    const even = this.#size - hard
    const expected = this.#even.map((share) => share * even)
    for (const item of this.#hard) expected[item]! += hard / this.#hard.length
    const drawn = new Int32Array(this.#size)
    for (let i = 0; i < even; i++) drawn[i] = this.#drawEvenly()
    for (let i = even; i < this.#size; i++) drawn[i] = this.#hard[this.#random.below(this.#hard.length)]!
    return { drawn, expected }
  }

  #drawEvenly(): number {
    if (this.#byGenre.length === 0 || this.#random.uniform() >= GENRE_SHARE) return this.#random.below(this.#items)
    const members = this.#byGenre[this.#random.below(this.#byGenre.length)]!
    return members[this.#random.below(members.length)]!
  }
}

const GENRE_SHARE = 0.5
const HARD_SHARE = 0.5
