import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { guestId } from './guest.js'
import { html } from './html.js'
import { TopBar } from './parts/top-bar.js'
import { useRoute } from './route.js'
import { Viewer } from './viewer/viewer.js'

/** Loaded when they are first looked at: who comes for recommendations does not wait for charts. */
const LATER = {
  '/operator': () => import('./operator/operator.js').then(({ Operator }) => Operator),
  '/inspector': () => import('./inspector/inspector.js').then(({ Inspector }) => Inspector),
}

function Page() {
  const { path, query } = useRoute()
  const userId = query.user || guestId
  return html`
    <a class="skip-link" href="#main">Skip to the content</a>
    <${TopBar} path=${path} userId=${query.user} />
    <main id="main" tabindex="-1" class=${`view view-${path.slice(1) || 'viewer'}`}>
      ${path in LATER ? html`<${Later} key=${path} path=${path} query=${query} userId=${userId} />` : html`<${Viewer} userId=${userId} filmId=${query.film} />`}
    </main>
  `
}

function Later({ path, ...rest }) {
  const [View, setView] = useState()
  const [failure, setFailure] = useState()
  useEffect(() => {
    LATER[path]().then((view) => setView(() => view), setFailure)
  }, [])
  if (failure) return html`<p class="failure">This view could not be loaded: ${failure.message}</p>`
  return View ? html`<${View} ...${rest} />` : html`<p class="waiting" aria-busy="true">Loading …</p>`
}

render(html`<${Page} />`, document.getElementById('page'))
