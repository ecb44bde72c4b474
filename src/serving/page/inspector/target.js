import { useEffect, useState } from 'preact/hooks'
import { fetchItem } from '../api.js'
import { html } from '../html.js'
import { Poster } from '../parts/poster.js'

const VERDICTS = {
  recommended: 'Recommended',
  'ranked-low': 'Others come first',
  removed: 'Taken away',
  'not-retrieved': 'Nobody proposes it',
  unknown: 'Not in the catalogue',
}

/** Why one film is, or is not, among the recommendations. */
export function Target({ target, children }) {
  const { itemId, title, verdict, reason, sources, stages } = target
  const [film, setFilm] = useState()
  useEffect(() => {
    let stale = false
    fetchItem(itemId).then(
      (found) => stale || setFilm(found),
      () => stale || setFilm(undefined),
    )
    return () => {
      stale = true
    }
  }, [itemId])
  const most = Math.max(...sources.map(({ contribution }) => Math.abs(contribution)), 1e-12)
  return html`<section class="target" aria-labelledby="target-title" data-verdict=${verdict}>
    <div class="target-poster"><${Poster} title=${title} year=${film?.year} genres=${film?.genres ?? []} posterUrl=${film?.posterUrl} /></div>
    <div class="target-text">
      <p class="verdict">${VERDICTS[verdict] ?? verdict}</p>
      <h2 id="target-title">${title}</h2>
      <p class="target-reason">${reason.replaceAll('`', '')}</p>
      <table>
        <thead><tr><th scope="col">source</th><th scope="col">place</th><th scope="col">adds to the score</th></tr></thead>
        <tbody>${sources.map(
          ({ name, rank, of, contribution }) => html`<tr key=${name} data-absent=${rank === null ? '' : undefined}>
            <th scope="row">${name}</th>
            <td>${rank === null ? 'does not propose it' : `${rank.toLocaleString('en')} of ${of.toLocaleString('en')}`}</td>
            <td><span class="bar" data-negative=${contribution < 0 ? '' : undefined} style=${{ '--share': Math.abs(contribution) / most }}></span><span class="unseen">${contribution.toPrecision(3)}</span></td>
          </tr>`,
        )}</tbody>
      </table>
      ${stages.map(
        ({ name, rank, of, negatives }) => html`<p key=${name} class="quiet small">
          After ${name}: ${rank === null ? 'no candidate' : `place ${rank.toLocaleString('en')} of ${of.toLocaleString('en')}`}${negatives?.n > 0 ? `, before ${Math.round(100 * negatives.beaten)} % of ${negatives.n} films drawn at random` : ''}.
        </p>`,
      )}
    </div>
    ${children}
  </section>`
}
