import { useLayoutEffect, useState } from 'preact/hooks'
import { useLatest } from './use-latest.js'

/**
 * Listens to server-sent events while the page can be seen.
 * @param url undefined to listen to nothing
 * @param handlers by event; of the latest drawing
 * @returns whether the server is there: undefined before anybody knows
 */
export function useStream(url, handlers) {
  const [connected, setConnected] = useState()
  const latest = useLatest(handlers)
  // Before anything is painted: what has come already is to be in the first painting.
  useLayoutEffect(() => {
    if (!url) return undefined
    let source
    const open = () => {
      const first = takeFirst(url)
      source = first?.source ?? new EventSource(url)
      source.onopen = () => setConnected(true)
      source.onerror = () => setConnected(false)
      const hear = ({ type, data }) => latest.current[type]?.(JSON.parse(data))
      for (const name of Object.keys(latest.current)) source.addEventListener(name, hear)
      if (source.readyState === EventSource.OPEN) setConnected(true)
      for (const event of first?.events ?? []) hear(event)
    }
    const follow = () => {
      if (document.hidden) source?.close()
      else if (!source || source.readyState === EventSource.CLOSED) open()
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      source?.close()
    }
  }, [url])
  return connected
}

/** What first-slate.js has opened, if it is of this address: once. */
function takeFirst(url) {
  const first = window.firstSlate
  if (!first) return undefined
  window.firstSlate = undefined
  for (const name of ['slate', 'failure']) first.source.removeEventListener(name, first.keep)
  if (first.url === url) return first
  first.source.close()
  return undefined
}
