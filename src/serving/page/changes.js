// What differs between two slates.

/**
 * @param before, after item ids, best first
 * @returns per item that is new or has moved `{ isNew, up }` (places gained, negative when lost), and how many are gone
 */
export function compare(before, after) {
  const places = new Map(before.map((itemId, place) => [itemId, place]))
  const changes = new Map()
  after.forEach((itemId, place) => {
    const up = (places.get(itemId) ?? place) - place
    if (!places.has(itemId) || up !== 0) changes.set(itemId, { isNew: !places.has(itemId), up })
  })
  const kept = new Set(after)
  return { changes, gone: before.filter((itemId) => !kept.has(itemId)).length }
}

export function summarize({ changes, gone }) {
  const isNew = [...changes.values()].filter((change) => change.isNew).length
  return [`${isNew} new`, `${changes.size - isNew} moved`, `${gone} gone`].join(', ')
}
