import { expect, it } from 'vitest'
import { inPassing } from '../../src/in-passing.ts'

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

it('rejects with what the piece throws', async () => {
  const piece = () => {
    throw new Error('no')
  }
  await expect(inPassing(piece)).rejects.toThrow('no')
})
