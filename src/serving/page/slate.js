// The rows of cards.
import { element } from './element.js'
import { drawPoster, hueOf } from './poster.js'

const ACTIONS = [
  ['like', 'Like'],
  ['watched', 'Watched'],
  ['skip', 'Skip'],
]

/**
 * Shows a slate in place of what `container` holds; scroll positions and the focus stay where they were.
 * @param changes what to highlight: item id to `{ isNew, up }`
 * @param give called with an item and the kind of feedback its button stands for
 */
export function showSlate(container, slate, changes, give) {
  if (slate.items.length === 0) {
    container.replaceChildren(
      element('p', { className: 'empty' }, 'Nothing to recommend yet: the stream has just begun.'),
    )
    return
  }
  const restore = remember(container)
  const sections = Map.groupBy(slate.items, (item) => item.section)
  container.replaceChildren(...[...sections].map(([title, items], i) => row(`row-${i}`, title, items, changes, give)))
  restore()
}

function row(id, title, items, changes, give) {
  const cards = items.map((item) => element('li', {}, card(item, changes.get(item.itemId), give)))
  return element(
    'section',
    { className: 'row', 'aria-labelledby': id },
    element('h2', { id }, title),
    element('ul', { className: 'cards' }, ...cards),
  )
}

function card(item, change, give) {
  const name = item.year ? `${item.title} (${item.year})` : item.title
  const meta = [item.year, item.genres?.join(', ')].filter(Boolean).join(' · ')
  const article = element('article', { className: 'card', 'aria-label': name })
  article.dataset.itemId = item.itemId
  const poster = element('div', { className: 'poster' }, drawPoster(item.title), element('h3', {}, item.title))
  poster.style.setProperty('--hue', hueOf(item.title))
  if (change) {
    article.dataset.change = change.isNew ? 'new' : 'moved'
    poster.append(badge(change))
  }
  article.append(
    poster,
    element('p', { className: 'meta', title: meta }, meta),
    element('p', { className: 'reason' }, item.reason),
    element('div', { className: 'actions' }, ...ACTIONS.map(([kind, label]) => action(kind, label, name, item, give))),
  )
  return article
}

function badge({ isNew, up }) {
  if (isNew) return element('span', { className: 'badge' }, 'New')
  const words = `moved ${up > 0 ? 'up' : 'down'} by ${Math.abs(up)}`
  return element(
    'span',
    { className: 'badge', role: 'img', 'aria-label': words },
    `${up > 0 ? '▲' : '▼'} ${Math.abs(up)}`,
  )
}

function action(kind, label, name, item, give) {
  const button = element('button', { type: 'button', title: label, 'aria-label': `${label} ${name}` }, icon(kind))
  button.dataset.kind = kind
  button.addEventListener('click', () => {
    button.setAttribute('aria-pressed', 'true')
    give(item, kind)
  })
  return button
}

function icon(kind) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use')
  use.setAttribute('href', `#icon-${kind}`)
  svg.append(use)
  return svg
}

function remember(container) {
  const rows = () => [...container.querySelectorAll('.row')]
  const scrolls = new Map(
    rows().map((row) => [row.querySelector('h2').textContent, row.querySelector('.cards').scrollLeft]),
  )
  const buttons = () => [...container.querySelectorAll('.actions button')]
  const focused = buttons().indexOf(document.activeElement)
  const { itemId } = document.activeElement?.closest?.('.card')?.dataset ?? {}
  const kind = document.activeElement?.dataset?.kind

  return () => {
    for (const row of rows())
      row.querySelector('.cards').scrollLeft = scrolls.get(row.querySelector('h2').textContent) ?? 0
    if (focused < 0) return
    const same = buttons().find(
      (button) => button.dataset.kind === kind && button.closest('.card').dataset.itemId === itemId,
    )
    const target = same ?? buttons()[Math.min(focused, buttons().length - 1)]
    target?.focus({ preventScroll: true })
  }
}
