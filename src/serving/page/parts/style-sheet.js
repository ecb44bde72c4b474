const loaded = new Map()

/** Resolves once a style sheet is there: views that are loaded later bring theirs. */
export function styleSheet(href) {
  const known = loaded.get(href)
  if (known) return known
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href })
  const ready = new Promise((resolve) => {
    link.onload = resolve
    link.onerror = resolve
  })
  document.head.append(link)
  loaded.set(href, ready)
  return ready
}
