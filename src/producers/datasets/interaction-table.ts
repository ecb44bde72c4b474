import type { InteractionChunk } from './dataset.ts'

const BLOCK_BITS = 16
const BLOCK_ROWS = 1 << BLOCK_BITS

/**
 * Rows of a file in columns, read back in the order of their time: 21 bytes a row for data like MovieLens. Each block
 * of rows starts out narrow (whole seconds, 32-bit values) and is widened when a row does not fit without loss.
 */
export class InteractionTable {
  #blocks: Block[] = []
  #length = 0
  /** Row numbers in stream order; undefined until `sort`, and where the file is in order already. */
  #order: Uint32Array | undefined
  #firstAt = Number.POSITIVE_INFINITY
  #lastAt = Number.NEGATIVE_INFINITY
  #ascending = true
  #previousAt = Number.NEGATIVE_INFINITY

  get length(): number {
    return this.#length
  }

  /** NaN while there are no rows. */
  get firstAt(): number {
    return this.#length ? this.#firstAt : Number.NaN
  }

  get lastAt(): number {
    return this.#length ? this.#lastAt : Number.NaN
  }

  /** @param at ms, whole @param value NaN for none */
  add(user: number, item: number, kind: number, value: number, at: number): void {
    const row = this.#length++ & (BLOCK_ROWS - 1)
    if (row === 0) this.#blocks.push(emptyBlock())
    const block = this.#blocks[this.#blocks.length - 1]!
    block.user[row] = user
    block.item[row] = item
    block.kind[row] = kind
    block.value[row] = value
    if (!Object.is(block.value[row], value)) widenValues(block)[row] = value
    block.at[row] = at / block.atUnitMs
    if (block.at[row]! * block.atUnitMs !== at) widenTimes(block)[row] = at
    if (at < this.#previousAt) this.#ascending = false
    this.#previousAt = at
    if (at < this.#firstAt) this.#firstAt = at
    if (at > this.#lastAt) this.#lastAt = at
  }

  /** To be called once, after the last row. */
  sort(): void {
    if (this.#ascending) return
    const blocks = this.#blocks
    const first = this.#firstAt
    const unit = blocks.every((block) => block.atUnitMs === 1000) ? 1000 : 1
    this.#order = stableOrder(this.#length, (this.#lastAt - first) / unit, (row) => {
      const block = blocks[row >>> BLOCK_BITS]!
      return (block.at[row & (BLOCK_ROWS - 1)]! * block.atUnitMs - first) / unit
    })
  }

  *chunks(first = 0): Generator<InteractionChunk> {
    for (let sequence = first; sequence < this.#length; sequence += BLOCK_ROWS) {
      yield this.#chunk(sequence, Math.min(BLOCK_ROWS, this.#length - sequence))
    }
  }

  #chunk(sequence: number, rows: number): InteractionChunk {
    const chunk = {
      sequence,
      user: new Uint32Array(rows),
      item: new Uint32Array(rows),
      kind: new Uint8Array(rows),
      value: new Float64Array(rows),
      at: new Float64Array(rows),
    }
    for (let i = 0; i < rows; i++) {
      const row = this.#order ? this.#order[sequence + i]! : sequence + i
      const block = this.#blocks[row >>> BLOCK_BITS]!
      const at = row & (BLOCK_ROWS - 1)
      chunk.user[i] = block.user[at]!
      chunk.item[i] = block.item[at]!
      chunk.kind[i] = block.kind[at]!
      chunk.value[i] = block.value[at]!
      chunk.at[i] = block.at[at]! * block.atUnitMs
    }
    return chunk
  }
}

interface Block {
  readonly user: Uint32Array
  readonly item: Uint32Array
  readonly kind: Uint8Array
  value: Float32Array | Float64Array
  at: Uint32Array | Float64Array
  atUnitMs: number
}

function emptyBlock(): Block {
  return {
    user: new Uint32Array(BLOCK_ROWS),
    item: new Uint32Array(BLOCK_ROWS),
    kind: new Uint8Array(BLOCK_ROWS),
    value: new Float32Array(BLOCK_ROWS),
    at: new Uint32Array(BLOCK_ROWS),
    atUnitMs: 1000,
  }
}

function widenValues(block: Block): Float64Array {
  const wide = Float64Array.from(block.value)
  block.value = wide
  return wide
}

function widenTimes(block: Block): Float64Array {
  const wide = Float64Array.from(block.at, (at) => at * block.atUnitMs)
  block.at = wide
  block.atUnitMs = 1
  return wide
}

/**
 * Row numbers in ascending order of their key, ties in row order: least-significant-digit radix sort, 16 bits a pass.
 * @param keyOf whole numbers from 0 to `maxKey`
 */
function stableOrder(rows: number, maxKey: number, keyOf: (row: number) => number): Uint32Array {
  let order: Uint32Array = Uint32Array.from({ length: 0 })
  let sorted: Uint32Array = new Uint32Array(rows)
  for (let divisor = 1; divisor <= maxKey; divisor *= 0x10000) {
    const starts = new Uint32Array(0x10001)
    for (let row = 0; row < rows; row++) starts[(Math.floor(keyOf(row) / divisor) & 0xffff) + 1]!++
    for (let digit = 1; digit < starts.length; digit++) starts[digit]! += starts[digit - 1]!
    const isFirstPass = divisor === 1
    for (let i = 0; i < rows; i++) {
      const row = isFirstPass ? i : order[i]!
      sorted[starts[Math.floor(keyOf(row) / divisor) & 0xffff]!++] = row
    }
    const free = isFirstPass ? new Uint32Array(rows) : order
    order = sorted
    sorted = free
  }
  return order
}
