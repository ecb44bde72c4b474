import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { fetchTrending } from '../api.js'
import { isGuest } from '../guest.js'
import { html } from '../html.js'
import { PosterSwitch } from '../parts/poster-switch.js'
import { address, navigate } from '../route.js'
import { useLatest } from '../use-latest.js'
import { FilmSheet } from './film-sheet.js'
import { HistoryStrip } from './history-strip.js'
import { cardsSeen, cardsSeenAt, moveFrom, positions } from './motion.js'
import { Notice } from './notice.js'
import { Person } from './person.js'
import { PersonPicker } from './person-picker.js'
import { Row } from './row.js'
import { rowsOf } from './sections.js'
import { useSlate } from './use-slate.js'

const TRENDING = 'Trending now'
const TRENDING_SIZE = 40
const TRENDING_SHOWN = 16
const NOTHING_GIVEN = new Map()

export function Viewer({ userId, filmId }) {
  const rowsElement = useRef()
  const before = useRef()
  const seen = useRef([])
  const { slate, user, changes, notice, connected, dismiss, give, takeBack } = useSlate(userId, () => {
    if (!rowsElement.current) return
    before.current = positions(rowsElement.current)
    seen.current = cardsSeen(rowsElement.current)
  })
  const history = user?.history ?? []
  const rows = useRows(slate, history)
  const given = useGiven(slate)

  useLayoutEffect(() => {
    if (before.current && rowsElement.current) moveFrom(rowsElement.current, before.current)
    before.current = undefined
  }, [slate])

  const choose = (chosen) => navigate(address('/', { user: isGuest(chosen) ? undefined : chosen }))
  const latestGive = useLatest((item, kind) => {
    given.mark(item.itemId, kind)
    give(item, kind)
  })
  const giveAndMark = useCallback((item, kind) => latestGive.current(item, kind), [])
  const latestTakeBack = useLatest(takeBack)
  const takeBackEntry = useCallback((entry) => latestTakeBack.current(entry), [])
  const latest =
    notice?.kind &&
    notice.kind !== 'undo' &&
    notice.detail !== undefined &&
    history.find(({ itemId }) => itemId === notice.item.itemId)

  return html`
    <header class="who">
      <${Person} userId=${userId} user=${user} />
      <${PersonPicker} userId=${userId} choose=${choose} />
    </header>
    ${slate && html`<${HistoryStrip} history=${history} userId=${userId} takeBack=${takeBackEntry} />`}
    ${slate?.degraded.length > 0 && html`<p class="degraded">Served without: ${slate.degraded.join(', ')}</p>`}
    <div class="rows" ref=${rowsElement} aria-busy=${slate === undefined}>
      ${slate === undefined && html`<${Waiting} connected=${connected} />`}
      ${slate?.items.length === 0 && html`<p class="waiting">Nothing to recommend yet: the stream has just begun.</p>`}
      ${rows.map((row, i) => html`<${Row} id=${`row-${i}`} ...${row} atOnce=${seen.current[i] ?? cardsSeenAt(i)} userId=${userId} changes=${changes} given=${givenIn(row, given.kinds)} give=${giveAndMark} />`)}
    </div>
    <${Notice} notice=${notice} entry=${latest} takeBack=${takeBack} dismiss=${dismiss} />
    ${
      filmId &&
      html`<${FilmSheet} itemId=${filmId} userId=${userId} history=${history} give=${giveAndMark} takeBack=${takeBack}
      shown=${slate?.items.find(({ itemId }) => itemId === filmId)}
      close=${() => navigate(address('/', { user: isGuest(userId) ? undefined : userId }))} />`
    }
    <footer class="bottom">
      <a href="/docs">API</a><a href="/metrics">Metrics</a>
      ${slate?.items.some(({ posterUrl }) => posterUrl) && html`<${PosterSwitch} />`}
      ${slate && html`<span>Release ${slate.release}</span>`}
    </footer>
  `
}

/** The rows of the slate, and what is trending where the slate does not say. */
function useRows(slate, history) {
  const [trending, setTrending] = useState([])
  const has = slate !== undefined
  useEffect(() => {
    if (has) fetchTrending(TRENDING_SIZE).then(setTrending, () => {})
  }, [has])
  return useMemo(() => {
    if (!slate) return []
    const rows = rowsOf(slate.items)
    if (rows.some(({ title }) => title === TRENDING)) return rows
    const known = new Set([...slate.items, ...history].map(({ itemId }) => itemId))
    const items = trending.filter(({ itemId }) => !known.has(itemId)).slice(0, TRENDING_SHOWN)
    return items.length > 0 ? [...rows, { key: TRENDING, title: TRENDING, items }] : rows
  }, [slate, trending])
}

/** The same for all rows that nothing has been said of: they need not be drawn again. */
const givenIn = ({ items }, kinds) => (items.some(({ itemId }) => kinds.has(itemId)) ? kinds : NOTHING_GIVEN)

/** What has been said of cards that are still there: their buttons rest until the next slate. */
function useGiven(slate) {
  const [given, setGiven] = useState({})
  const kinds = given.slate === slate ? given.kinds : NOTHING_GIVEN
  return { kinds, mark: (itemId, kind) => setGiven({ slate, kinds: new Map(kinds).set(itemId, kind) }) }
}

function Waiting({ connected }) {
  if (connected === false) return html`<p class="waiting">The server does not answer. Trying again …</p>`
  return html`<ul class="cards skeleton" aria-label="Loading">${Array.from({ length: 8 }, (_, i) => html`<li key=${i} />`)}</ul>`
}
