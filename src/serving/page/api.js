// What the page asks of the server.

/** A problem document the server answered with. */
class Problem extends Error {
  constructor({ detail, status }) {
    super(detail)
    this.status = status
  }
}

const SLATE_SIZE = 60

const id = encodeURIComponent

export const fetchReadiness = () => request('/readyz')
export const fetchItem = (itemId) => request(`/items/${id(itemId)}`)
export const fetchSimilar = (itemId, k) => request(`/similar/${id(itemId)}?k=${k}`).then(({ items }) => items)
/** Items near one, by space: live co-visits, and the embeddings of the release in service. */
export const fetchNeighbours = (itemId, k) => request(`/neighbours/${id(itemId)}?k=${k}`).then(({ spaces }) => spaces)
export const fetchTrending = (k) => request(`/popular?by=trend&k=${k}`).then(({ items }) => items)
export const fetchUsers = (prefix) =>
  request(`/users?k=8${prefix ? `&prefix=${id(prefix)}` : ''}`).then(({ users }) => users)
export const slateStream = (userId) => `/stream/slate?user=${id(userId)}&k=${SLATE_SIZE}`

export const fetchDeadLetters = () => request('/dead-letters')
export const fetchReleases = () => request('/releases').then(({ releases }) => releases)
/**
 * With as many recommended as the viewer shows, so that the verdict is of what was seen there.
 * @param target an item id, or undefined
 */
export const fetchInspection = (userId, target) =>
  request(`/inspect/${id(userId)}?k=${SLATE_SIZE}${target ? `&target=${id(target)}` : ''}`)

export const fetchUser = (userId) => request(`/users/${id(userId)}`)

export const changeReplay = (change) => request('/replay', { method: 'POST', body: change })
export const sendFeedback = (feedback) => request('/feedback', { method: 'POST', body: feedback })

/** @param init `body` is sent as JSON */
async function request(path, init) {
  const response = await fetch(
    path,
    init?.body && { ...init, headers: { 'content-type': 'application/json' }, body: JSON.stringify(init.body) },
  )
  const body = await response.json()
  if (!response.ok) throw new Problem(body)
  return body
}
