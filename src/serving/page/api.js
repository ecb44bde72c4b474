// What the page asks of the server.

const SLATE_SIZE = 30

/** A problem document the server answered with. */
class Problem extends Error {
  constructor({ detail, status }) {
    super(detail)
    this.status = status
  }
}

export const fetchSlate = (userId) => request(`/recommend?user=${encodeURIComponent(userId)}&k=${SLATE_SIZE}`)

export const fetchReadiness = () => request('/readyz')

export const fetchSomeUsers = async () => (await request('/users')).users.map(({ userId }) => userId)

/** Newest first; empty for a user who has left no trace. */
export async function fetchHistory(userId) {
  try {
    return (await request(`/users/${encodeURIComponent(userId)}`)).history
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return []
    throw error
  }
}

export const sendFeedback = (feedback) =>
  request('/feedback', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(feedback),
  })

async function request(path, init) {
  const response = await fetch(path, init)
  const body = await response.json()
  if (!response.ok) throw new Problem(body)
  return body
}
