const LIVE_WITHIN_MS = 24 * 3600 * 1000

/**
 * The event time of something that happens now. A stream that keeps up with the wall clock is live, and so is what
 * happens; in a replay of other times, what happens now belongs where the stream is.
 */
export function streamClock(streamTime: () => number, wallClock: () => number = Date.now): () => number {
  return () => {
    const wall = wallClock()
    const stream = Math.floor(streamTime())
    return stream === 0 || Math.abs(wall - stream) < LIVE_WITHIN_MS ? wall : stream
  }
}
