// The guest this browser remembers: a session of its own for everybody who just looks in.

const KEY = 'tributary-guest'

export const guestId = remembered()

export const isGuest = (userId) => userId === guestId

function remembered() {
  try {
    const known = localStorage.getItem(KEY)
    if (known) return known
    const created = newGuestId()
    localStorage.setItem(KEY, created)
    return created
  } catch {
    // Storage may be forbidden: then the guest lasts as long as the page.
    return newGuestId()
  }
}

function newGuestId() {
  const [number] = crypto.getRandomValues(new Uint32Array(1))
  return `guest-${number.toString(16).padStart(8, '0')}`
}
