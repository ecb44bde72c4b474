import { html } from '../html.js'
import { Icon } from '../parts/icon.js'
import { memo } from '../parts/memo.js'
import { Poster } from '../parts/poster.js'
import { address, follow } from '../route.js'
import { formatMoment } from '../time.js'

const SHOWN = 24
const VERBS = {
  like: 'liked',
  dislike: 'disliked',
  watched: 'watched',
  click: 'clicked',
  skip: 'skipped',
  purchase: 'bought',
}
/** What people do here, and may take back. */
const OWN = ['like', 'dislike', 'watched', 'skip']

/**
 * What the user did last, newest first.
 * @param takeBack the same function in every drawing
 */
export function HistoryStrip({ history, userId, takeBack }) {
  if (history.length === 0) {
    return html`<p class="history-empty">Nothing yet. Like something below, and watch the rows change.</p>`
  }
  return html`<ol class="history" tabindex="0" aria-label="Recent history">
    ${history.slice(0, SHOWN).map((entry) => html`<${Entry} key=${`${entry.itemId} ${entry.at}`} entry=${entry} userId=${userId} takeBack=${takeBack} />`)}
  </ol>`
}

const Entry = memo(function Entry({ entry, userId, takeBack }) {
  const { itemId, title, genres, kind, value, at } = entry
  const verb = kind === 'rating' ? `rated ${value}` : (VERBS[kind] ?? kind)
  return html`<li class="entry" data-kind=${kind} title=${`${formatMoment(at)} UTC`}>
    <a href=${address('/', { user: userId, film: itemId })} onClick=${follow}>
      <${Poster} title=${title} genres=${genres} small />
      <span class="entry-text"><span class="entry-title">${title}</span> <span class="entry-verb">${verb}</span></span>
    </a>
    ${
      OWN.includes(kind) &&
      html`<button type="button" class="entry-undo" title="Take back" aria-label=${`Take back: ${verb} ${title}`}
      onClick=${() => takeBack(entry)}><${Icon} name="undo" /></button>`
    }
  </li>`
}, textOf)

function textOf({ entry, userId }) {
  return JSON.stringify([entry, userId])
}
