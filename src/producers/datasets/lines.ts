import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { TributaryError } from '../../errors.ts'

/** A line that could not be read, with the reason; the lines around it were. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly reason: string
}

export type OnProblem = (problem: Problem) => void

/** Reads the text in `bytes` from `start` to `end`; answers the reason where it cannot. */
export type LineParser = (bytes: Buffer, start: number, end: number, line: number) => string | undefined

/** A file with a greater share of bad lines is not what it is taken for. */
const MAX_BAD_SHARE = 0.01
const MAX_LINE_BYTES = 1 << 20
const READ_BYTES = 1 << 20

/**
 * Hands each line of a file, plain or `.gz`, to `parse`: without its end (LF or CRLF) and without a byte order mark;
 * empty lines are left out.
 * @throws TributaryError BAD_INPUT for a file that cannot be read, or more than 1 % of whose lines cannot
 */
export async function readLines(file: string, onProblem: OnProblem, parse: LineParser): Promise<void> {
  let lines = 0
  let bad = 0
  let first: Problem | undefined
  await eachLine(file, (bytes, start, end, line) => {
    lines++
    const reason = parse(bytes, start, end, line)
    if (reason === undefined) return
    bad++
    const problem = { file, line, reason }
    first ??= problem
    onProblem(problem)
  })
  if (first && bad > lines * MAX_BAD_SHARE) {
    throw new TributaryError(
      'BAD_INPUT',
      `${file}: ${bad} of ${lines} lines cannot be read, which is more than 1 %; the first is line ${first.line}: ` +
        `${first.reason}. Is the file whole, and in the layout its name says?`,
      { file, bad, lines },
    )
  }
}

async function eachLine(
  file: string,
  onLine: (bytes: Buffer, start: number, end: number, line: number) => void,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 0
  const take = (bytes: Buffer, start: number, newline: number) => {
    line++
    const from = line === 1 && bytes.indexOf('\ufeff', start) === start ? start + 3 : start
    const end = newline > from && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline
    if (end > from) onLine(bytes, from, end, line)
  }
  const split = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      const bytes = rest.length ? Buffer.concat([rest, chunk]) : chunk
      let start = 0
      for (let newline = bytes.indexOf(LINE_FEED); newline >= 0; newline = bytes.indexOf(LINE_FEED, start)) {
        take(bytes, start, newline)
        start = newline + 1
      }
      rest = bytes.subarray(start)
      if (rest.length > MAX_LINE_BYTES) throw new TributaryError('BAD_INPUT', `${file}: not a text file`, { file })
    }
    if (rest.length) take(rest, 0, rest.length)
  }
  const input = createReadStream(file, { highWaterMark: READ_BYTES })
  try {
    await (file.endsWith('.gz')
      ? pipeline(input, createGunzip({ chunkSize: READ_BYTES }), split)
      : pipeline(input, split))
  } catch (cause) {
    if (cause instanceof TributaryError) throw cause
    const { message } = cause as Error
    throw new TributaryError('BAD_INPUT', `${file} cannot be read after line ${line}: ${message}`, { file }, cause)
  }
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
