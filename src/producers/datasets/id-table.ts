const MAX_NUMERIC = 1 << 22

/** Ids in the order in which they first came, each kept as one string and known by its number. */
export class IdTable {
  readonly ids: string[] = []
  readonly #byText = new Map<string, number>()
  /** Most ids are small integers: their number is found without making a string. Holds index + 1. */
  #byInteger = new Uint32Array(1024)

  /** The number of an id; -1 where the text cannot be an id. */
  intern(text: string): number {
    const integer = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0
    return integer > 0 && integer < MAX_NUMERIC ? this.#internInteger(integer) : this.#internText(text)
  }

  /** As `intern`, for the UTF-8 text in `bytes` from `start` to `end`. */
  internBytes(bytes: Buffer, start: number, end: number): number {
    let integer = 0
    if (end - start <= 7 && bytes[start] !== 0x30) {
      for (let i = start; i < end; i++) {
        const digit = bytes[i]! - 0x30
        if (digit < 0 || digit > 9) {
          integer = 0
          break
        }
        integer = integer * 10 + digit
      }
    }
    if (integer > 0 && integer < MAX_NUMERIC) return this.#internInteger(integer)
    return this.#internText(bytes.toString('utf8', start, end))
  }

  #internInteger(integer: number): number {
    if (integer >= this.#byInteger.length) {
      const larger = new Uint32Array(Math.max(integer + 1, this.#byInteger.length * 2))
      larger.set(this.#byInteger)
      this.#byInteger = larger
    }
    const known = this.#byInteger[integer]!
    if (known > 0) return known - 1
    this.#byInteger[integer] = this.ids.push(String(integer))
    return this.ids.length - 1
  }

  #internText(text: string): number {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    if (!ID.test(text)) return -1
    this.#byText.set(text, this.ids.push(text) - 1)
    return this.ids.length - 1
  }
}

/** As schemas/id.json has it. */
const ID = /^\P{Cc}{1,128}$/u
