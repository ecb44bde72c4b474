// The slate of whom the address names is asked for while the modules that draw it are still on their way: useStream takes
// the stream over.
;(() => {
  if (location.pathname !== '/') return
  let user = new URLSearchParams(location.search).get('user')
  try {
    user ??= localStorage.getItem('tributary-guest')
  } catch {
    // Storage may be forbidden: the guest is made later.
  }
  if (!user) return
  const url = `/stream/slate?user=${encodeURIComponent(user)}&k=60`
  const source = new EventSource(url)
  const first = { url, source, events: [] }
  first.keep = ({ type, data }) => first.events.push({ type, data })
  for (const name of ['slate', 'failure']) source.addEventListener(name, first.keep)
  window.firstSlate = first
})()
