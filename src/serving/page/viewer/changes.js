// What differs between two slates.

/** Everything below what has left moves up a place or two: only more than this is worth a word. */
const WORTH_SAYING = 3

/**
 * @param before, after item ids, best first
 * @returns per item that is new or has moved far `{ isNew, up }` (places gained, negative when lost), how many have moved
 *   at all, and how many are gone
 */
export function compare(before, after) {
  const places = new Map(before.map((itemId, place) => [itemId, place]))
  const changes = new Map()
  let moved = 0
  after.forEach((itemId, place) => {
    const isNew = !places.has(itemId)
    const up = (places.get(itemId) ?? place) - place
    if (up !== 0) moved++
    if (isNew || Math.abs(up) >= WORTH_SAYING) changes.set(itemId, { isNew, up })
  })
  const kept = new Set(after)
  return { changes, moved, gone: before.filter((itemId) => !kept.has(itemId)).length }
}

export function summarize({ changes, moved, gone }) {
  const isNew = [...changes.values()].filter((change) => change.isNew).length
  return [isNew && `${isNew} new`, moved && `${moved} moved`, gone && `${gone} gone`].filter(Boolean).join(', ')
}
