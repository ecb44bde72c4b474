// Whom the page is for: the address names the user, or it is the guest this browser remembers.

const KEY = 'tributary-guest'

export function guestId() {
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

export function userInAddress() {
  return new URLSearchParams(location.search).get('user')
}

export function rememberInAddress(userId) {
  history.replaceState(null, '', `?user=${encodeURIComponent(userId)}`)
}

function newGuestId() {
  const bytes = crypto.getRandomValues(new Uint8Array(4))
  return `guest-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
