// Where we are is in the address alone: a view is its path, what it shows its query.
import { useEffect, useState } from 'preact/hooks'

const listeners = new Set()

function currentRoute() {
  return { path: location.pathname, query: Object.fromEntries(new URLSearchParams(location.search)) }
}

/** `address('/', { user: '42' })`; what is undefined is left out. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return given.length ? `${path}?${new URLSearchParams(given)}` : path
}

export function navigate(to, { replace = false } = {}) {
  if (to === location.pathname + location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  for (const listener of listeners) listener()
}

export function useRoute() {
  const [route, setRoute] = useState(currentRoute)
  useEffect(() => {
    const update = () => setRoute(currentRoute())
    listeners.add(update)
    addEventListener('popstate', update)
    return () => {
      listeners.delete(update)
      removeEventListener('popstate', update)
    }
  }, [])
  return route
}

/** For `onClick` of an <a>: goes there without loading the page anew, but for who wants a new tab. */
export function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
  event.preventDefault()
  navigate(event.currentTarget.getAttribute('href'))
}
