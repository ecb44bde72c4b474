/**
 * The fields of a CSV line, with quotes and doubled quotes undone (RFC 4180, but for line ends within quotes).
 * undefined where a quote is not closed.
 */
export function splitCsv(line: string, delimiter = ','): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter)
  const fields: string[] = []
  let at = 0
  while (true) {
    let field = ''
    if (line[at] === '"') {
      const end = closingQuote(line, at + 1)
      if (end < 0) return undefined
      field = line.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
    }
    const next = line.indexOf(delimiter, at)
    fields.push(field + line.slice(at, next < 0 ? line.length : next))
    if (next < 0) return fields
    at = next + delimiter.length
  }
}

function closingQuote(line: string, from: number): number {
  for (let quote = line.indexOf('"', from); quote >= 0; quote = line.indexOf('"', quote + 2)) {
    if (line[quote + 1] !== '"') return quote
  }
  return -1
}

/**
 * Where the fields of the line `bytes[start..end)` lie: start and end of each, into `bounds`.
 * @returns how many fields there are; more than `bounds` has room for are counted, not stored
 */
export function splitBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  separator: Uint8Array,
  bounds: Int32Array,
): number {
  const mark = separator[0]!
  const width = separator.length
  let fields = 0
  let from = start
  for (let i = start; i < end; i++) {
    if (bytes[i] !== mark || (width === 2 && bytes[i + 1] !== separator[1])) continue
    bounds[2 * fields] = from
    bounds[2 * fields + 1] = i
    fields++
    i += width - 1
    from = i + 1
  }
  bounds[2 * fields] = from
  bounds[2 * fields + 1] = end
  return fields + 1
}

/** The number written in `bytes[start..end)`, such as `978300760` or `3.5`; NaN where there is none. */
export function parseDecimal(bytes: Buffer, start: number, end: number): number {
  let digits = 0
  let scale = 0
  if (end - start > 15) return parseText(bytes, start, end)
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 0x2e && scale === 0) scale = 1
    else if (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + byte - 0x30
      scale *= 10
    } else return parseText(bytes, start, end)
  }
  // both are exact below 2^53, so that the one division rounds as parsing the text would
  return end === start || (scale === 1 && end - start === 1) ? Number.NaN : digits / (scale || 1)
}

function parseText(bytes: Buffer, start: number, end: number): number {
  return parseNumber(bytes.toString('latin1', start, end))
}

/** As `Number`, but NaN for what people do not write as a number: nothing, blanks, hexadecimals, Infinity. */
export function parseNumber(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
}
