import { html } from '../html.js'
import { ItemButton } from './item-button.js'

/** Of what is asked for: more is not read. */
export const SHOWN = 12

/** The best of what a source, a filter or a stage has. */
export function CandidateList({ name, title = name, candidates, best, note, ...listed }) {
  const most = Math.max(...best.map(({ score }) => score), 0)
  return html`<div class="list">
    <h3>${title}</h3>
    <p class="quiet small">${[`${candidates.toLocaleString('en')} films`, note].filter(Boolean).join(', ')}</p>
    <ol>${best.slice(0, SHOWN).map(
      ({
        itemId,
        title: film,
        rank,
        score,
        removedBy,
      }) => html`<li key=${itemId} data-removed=${removedBy ? '' : undefined} title=${removedBy ? `taken away: ${removedBy}` : undefined}>
        <${ItemButton} itemId=${itemId} title=${film} ...${listed}>
          <span class="rank">${rank}</span>
          <span class="bar" style=${{ '--share': most > 0 ? Math.max(0, score / most) : 0 }}></span>
        <//>
      </li>`,
    )}</ol>
  </div>`
}
