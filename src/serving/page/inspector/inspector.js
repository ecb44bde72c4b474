import { useEffect, useState } from 'preact/hooks'
import { fetchInspection, fetchUser } from '../api.js'
import { isGuest } from '../guest.js'
import { html } from '../html.js'
import { styleSheet } from '../parts/style-sheet.js'
import { address, navigate } from '../route.js'
import { PersonPicker } from '../viewer/person-picker.js'
import { Attention } from './attention.js'
import { CandidateList } from './candidate-list.js'
import { Reordering } from './reordering.js'
import { Target } from './target.js'
import { TargetNeighbours } from './target-neighbours.js'
import { Taste } from './taste.js'

await styleSheet('/styles/inspector.css')

const FILTERS = {
  seen: 'Seen before',
  excluded: 'Excluded',
  unavailable: 'Not available',
  category: 'Of another genre',
}

export function Inspector({ userId, query }) {
  const { target } = query
  const { inspection, user, failure } = useInspection(userId, target)
  const [active, setActive] = useState()
  const choose = (chosen) => navigate(address('/inspector', { user: isGuest(chosen) ? undefined : chosen, target }))
  const inspect = (itemId) => navigate(address('/inspector', { user: query.user, target: itemId }))
  const listed = { target, active, setActive, inspect }

  return html`
    <header class="who">
      <div class="person">
        <h1>${isGuest(userId) ? 'Behind your rows' : html`Behind the rows of <em>${userId}</em>`}</h1>
        <p class="person-facts">What each source proposes, what filters take away, and what becomes of the rest. Choose a film to follow it through.</p>
      </div>
      <${PersonPicker} userId=${userId} choose=${choose} />
    </header>
    ${failure && html`<p class="failure">${failure.message}</p>`}
    ${!inspection && !failure && html`<p class="waiting" aria-busy="true">Loading …</p>`}
    ${
      inspection &&
      html`<div class="inspection">
      ${
        inspection.target &&
        html`<${Target} target=${inspection.target}>
          <${Attention} history=${inspection.history} ...${listed} film=${inspection.target} />
        <//>`
      }
      <section aria-labelledby="sources-title">
        <h2 id="sources-title">Proposed by</h2>
        <div class="lists">${inspection.sources.filter(({ candidates }) => candidates > 0).map((source) => html`<${CandidateList} key=${source.name} ...${source} note=${`weighs ${Number(source.weight.toFixed(2))}`} ...${listed} />`)}</div>
      </section>
      <div class="flow">
      <section aria-labelledby="removed-title">
        <h2 id="removed-title">Taken away</h2>
        ${
          inspection.removed.length === 0
            ? html`<p class="quiet">Nothing: no filter had anything to say.</p>`
            : html`<div class="lists">${inspection.removed.map((list) => html`<${CandidateList} key=${list.name} ...${list} title=${FILTERS[list.name]} ...${listed} />`)}</div>`
        }
      </section>
      <section aria-labelledby="order-title">
        <h2 id="order-title">${inspection.stages.length > 1 ? 'Before and after ranking' : 'In this order'}</h2>
        <${Reordering} stages=${inspection.stages} ...${listed} />
      </section>
      </div>
      <div class="halves">
        <section aria-labelledby="taste-title">
          <h2 id="taste-title">Taste</h2>
          <${Taste} user=${user} history=${inspection.history} ...${listed} />
        </section>
        <section aria-labelledby="neighbours-title">
          <h2 id="neighbours-title">Neighbours</h2>
          <${TargetNeighbours} target=${inspection.target} inspect=${inspect} />
        </section>
      </div>
      <p class="quiet small">Release ${inspection.release}${inspection.degraded.length > 0 ? `, without ${inspection.degraded.join(', ')}` : ''}</p>
    </div>`
    }
  `
}

function useInspection(userId, target) {
  const [state, setState] = useState({})
  useEffect(() => {
    let stale = false
    const load = async () => {
      const inspection = await fetchInspection(userId, target)
      return { inspection, user: inspection.history.length > 0 ? await fetchUser(userId) : undefined }
    }
    load().then(
      (loaded) => stale || setState(loaded),
      (failure) => stale || setState({ failure }),
    )
    return () => {
      stale = true
    }
  }, [userId, target])
  return state
}
