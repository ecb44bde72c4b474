import { html } from '../html.js'
import { Icon } from '../parts/icon.js'
import { memo } from '../parts/memo.js'
import { Poster } from '../parts/poster.js'
import { address, follow } from '../route.js'

export const ACTIONS = [
  ['like', 'Like'],
  ['watched', 'Watched'],
  ['skip', 'Skip'],
]

/**
 * @param change what to point out: `{ isNew, up }`
 * @param give the same function in every drawing
 */
export const Card = memo(function Card({ item, userId, change, given, give }) {
  const { itemId, title, year, genres = [], posterUrl, reason, lowered } = item
  const name = year ? `${title} (${year})` : title
  return html`<article class="card" data-item=${itemId} data-given=${given} data-change=${changeOf(change)} aria-label=${name}>
    <a class="card-poster" href=${address('/', { user: userId, film: itemId })} onClick=${follow}>
      <${Poster} title=${title} year=${year} genres=${genres} posterUrl=${posterUrl} />
      ${change && html`<${Badge} ...${change} />`}
    </a>
    <div class="actions" role="group" aria-label=${`What you think of ${name}`}>
      ${ACTIONS.map(
        ([kind, label]) => html`<button key=${kind} type="button" class="action" data-kind=${kind} title=${label}
          aria-label=${`${label} ${name}`} aria-pressed=${given === kind} disabled=${given !== undefined}
          onClick=${() => give(item, kind)}><${Icon} name=${kind} /></button>`,
      )}
      <a class="action" href=${address('/inspector', { user: userId, target: itemId })} onClick=${follow} title="Why is it here?"
        aria-label=${`Why is ${name} here? Open the inspector`}><${Icon} name="inspect" /></a>
    </div>
    ${
      lowered
        ? html`<p class="reason lowered"><${Icon} name="down" /> Lower, since you ${lowered.kind === 'skip' ? 'skipped' : 'disliked'} ${lowered.title}</p>`
        : html`<p class="reason">${reason}</p>`
    }
  </article>`
}, textOf)

function textOf({ item, userId, change, given }) {
  const { itemId, title, year, genres, posterUrl, reason, lowered } = item
  return JSON.stringify([itemId, title, year, genres, posterUrl, reason, lowered, userId, change, given])
}

const changeOf = (change) => change && (change.isNew ? 'new' : change.up > 0 ? 'up' : 'down')

function Badge({ isNew, up }) {
  if (isNew) return html`<span class="badge">new</span>`
  return html`<span class="badge" role="img" aria-label=${`moved ${up > 0 ? 'up' : 'down'} by ${Math.abs(up)}`}>
    <${Icon} name=${up > 0 ? 'up' : 'down'} />${Math.abs(up)}
  </span>`
}
