import { useEffect, useRef, useState } from 'preact/hooks'
import { fetchItem, fetchSimilar } from '../api.js'
import { html } from '../html.js'
import { Icon } from '../parts/icon.js'
import { Poster } from '../parts/poster.js'
import { address, follow } from '../route.js'
import { ACTIONS } from './card.js'

const SIMILAR = 12

/** A film and what goes with it, over the rows. */
export function FilmSheet({ itemId, userId, shown, history, give, takeBack, close }) {
  const [film, setFilm] = useState()
  const [similar, setSimilar] = useState([])
  const [failure, setFailure] = useState()
  const dialog = useRef()

  useEffect(() => {
    dialog.current.showModal()
    return () => dialog.current?.close()
  }, [])
  useEffect(() => {
    setFailure(undefined)
    setSimilar([])
    let stale = false
    const unless = (set) => (value) => stale || set(value)
    fetchItem(itemId).then(unless(setFilm), unless(setFailure))
    fetchSimilar(itemId, SIMILAR).then(unless(setSimilar), () => {})
    dialog.current.scrollTop = 0
    return () => {
      stale = true
    }
  }, [itemId])

  const entry = history.find((one) => one.itemId === itemId)
  return html`<dialog class="sheet" ref=${dialog} aria-labelledby="film-title" onClose=${close}
    onClick=${({ target }) => target === dialog.current && dialog.current.close()}>
    <button type="button" class="icon-button sheet-close" aria-label="Close" onClick=${() => dialog.current.close()}><${Icon} name="close" /></button>
    ${failure && html`<p class="failure">${failure.message}</p>`}
    ${
      film &&
      html`<div class="film">
      <div class="film-poster"><${Poster} ...${film} /></div>
      <div class="film-text">
        <p class="film-kicker">${[film.year, film.certificate].filter(Boolean).join(' · ')}</p>
        <h2 id="film-title">${film.title}</h2>
        <ul class="chips" aria-label="Genres">${(film.genres ?? []).map((genre) => html`<li key=${genre}>${genre}</li>`)}</ul>
        ${film.plot && html`<p class="film-plot">${film.plot}</p>`}
        ${film.directors?.length > 0 && html`<p class="film-people">Directed by ${film.directors.join(', ')}</p>`}
        ${film.actors?.length > 0 && html`<p class="film-people">With ${film.actors.slice(0, 5).join(', ')}</p>`}
        ${shown && html`<p class="film-reason">${shown.reason}</p>`}
        <${FilmActions} film=${film} entry=${entry} give=${give} takeBack=${takeBack} />
        <a class="quiet-link" href=${address('/inspector', { user: userId, target: itemId })} onClick=${follow}>Open in the inspector</a>
      </div>
    </div>`
    }
    ${
      similar.length > 0 &&
      html`<section aria-labelledby="similar-title">
      <h3 id="similar-title">Goes with it</h3>
      <ul class="similar">${similar.map(
        (item) => html`<li key=${item.itemId}>
          <a href=${address('/', { user: userId, film: item.itemId })} onClick=${follow}>
            <${Poster} title=${item.title} year=${item.year} genres=${item.genres} posterUrl=${item.posterUrl} />
          </a>
        </li>`,
      )}</ul>
    </section>`
    }
  </dialog>`
}

function FilmActions({ film, entry, give, takeBack }) {
  const done = entry && (entry.kind === 'rating' ? `Rated ${entry.value}` : LABELS[entry.kind])
  return html`<div class="film-actions">
    ${ACTIONS.map(
      ([
        kind,
        label,
      ]) => html`<button key=${kind} type="button" class="button" data-kind=${kind} aria-pressed=${entry?.kind === kind} onClick=${() => give(film, kind)}>
        <${Icon} name=${kind} /> ${label}
      </button>`,
    )}
    ${done && html`<p class="film-done">${done}. ${entry.kind !== 'rating' && html`<button type="button" class="link-button" onClick=${() => takeBack(entry)}>Take back</button>`}</p>`}
  </div>`
}

const LABELS = {
  like: 'You like it',
  dislike: 'You dislike it',
  watched: 'You watched it',
  skip: 'You skipped it',
  click: 'You looked at it',
  purchase: 'You bought it',
}
