/** Random numbers that are the same for the same seed, everywhere (the generator sfc32). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 0x100000000) | 0
    this.#c = 0x9e3779b9 | 0
    for (let i = 0; i < 16; i++) this.uniform()
  }

  /** In [0, 1), 32 bits. */
  uniform(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 0x100000000
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound)
  }

  /**
   * At most `wanted` of the values, each once, in the order in which they are drawn: the first steps of a Fisher-Yates
   * shuffle.
   * @param from is left in another order
   */
  draw(from: number[] | Int32Array, wanted: number): number[] {
    const count = Math.min(wanted, from.length)
    for (let i = 0; i < count; i++) {
      const other = i + this.below(from.length - i)
      const held = from[i]!
      from[i] = from[other]!
      from[other] = held
    }
    return [...from.slice(0, count)]
  }

  /** In place (Fisher-Yates). */
  shuffle<T>(values: T[]): void {
    for (let i = values.length - 1; i > 0; i--) {
      const other = this.below(i + 1)
      const held = values[i]!
      values[i] = values[other]!
      values[other] = held
    }
  }

  /** Exponentially distributed. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform())
  }

  /** Normally distributed, mean 0, deviation 1 (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  /** A rank in [0, ranks), rank r about as likely as 1/(r + 10)^1.1 (Zipf-Mandelbrot, by inversion). */
  zipf(ranks: number): number {
    const from = ZIPF_OFFSET ** (1 - ZIPF_EXPONENT)
    const to = (ranks + ZIPF_OFFSET) ** (1 - ZIPF_EXPONENT)
    return Math.floor((from + this.uniform() * (to - from)) ** (1 / (1 - ZIPF_EXPONENT)) - ZIPF_OFFSET)
  }
}

const ZIPF_EXPONENT = 1.1
const ZIPF_OFFSET = 10
