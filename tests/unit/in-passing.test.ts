import { expect, it } from 'vitest'
import { atOnce, inPassing } from '../../src/in-passing.ts'

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

it('takes a tenth of the thread at most, piece after piece, and leaves the rest to others', async () => {
  let turns = 0
  const others = setInterval(() => turns++, 1)
  const startedAt = performance.now()
  for (let piece = 0; piece < 3; piece++) expect(await inPassing(() => busy(4) ?? piece)).toBe(piece)
  clearInterval(others)
  // A timer may be a millisecond early.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3 * 39)
  expect(turns).toBeGreaterThanOrEqual(3)
})

it.each([inPassing, atOnce])('rejects with what the piece throws', async (pace) => {
  const piece = () => {
    throw new Error('no')
  }
  await expect(pace(piece)).rejects.toThrow('no')
})
