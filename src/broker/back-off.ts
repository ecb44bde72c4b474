const BASE_MS = 50
const MAX_MS = 5_000

/**
 * How long to wait before the next try: exponential, with jitter so that those who failed together do not come back
 * together.
 * @param attempt 0 after the first failure
 * @param random between 0 and 1
 */
export function backOffMs(attempt: number, random = Math.random()): number {
  const ceiling = Math.min(MAX_MS, BASE_MS * 2 ** attempt)
  return ceiling * (0.5 + 0.5 * random)
}
