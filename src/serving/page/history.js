// The strip of what the user did last.
import { element } from './element.js'
import { hueOf } from './poster.js'

const SHOWN = 30
const VERBS = {
  like: 'liked',
  dislike: 'disliked',
  watched: 'watched',
  click: 'clicked',
  skip: 'skipped',
  purchase: 'bought',
}

export function showHistory(list, history) {
  if (history.length === 0) {
    list.replaceChildren(
      element('li', { className: 'empty' }, 'Nothing yet: like something below and watch the rows change.'),
    )
    return
  }
  list.replaceChildren(...history.slice(0, SHOWN).map(entry))
}

function entry({ title, kind, value, at }) {
  const verb = kind === 'rating' ? `rated ${value}` : (VERBS[kind] ?? kind)
  const time = new Date(at)
  const when = time.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  const node = element(
    'li',
    { title: `${when} UTC` },
    element('span', { className: 'title' }, title),
    element('span', { className: 'verb' }, verb),
  )
  node.style.setProperty('--hue', hueOf(title))
  node.dataset.kind = kind
  return node
}
