import { useEffect, useState } from 'preact/hooks'

/**
 * Listens to server-sent events while the page can be seen.
 * @param url undefined to listen to nothing
 * @param handlers by event; of the latest drawing
 * @returns whether the server is there: undefined before anybody knows
 */
export function useStream(url, handlers) {
  const [connected, setConnected] = useState()
  const latest = useLatest(handlers)
  useEffect(() => {
    if (!url) return undefined
    let source
    const open = () => {
      source = new EventSource(url)
      source.onopen = () => setConnected(true)
      source.onerror = () => setConnected(false)
      for (const name of Object.keys(latest.current)) {
        source.addEventListener(name, ({ data }) => latest.current[name](JSON.parse(data)))
      }
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

function useLatest(value) {
  const [box] = useState({})
  box.current = value
  return box
}
