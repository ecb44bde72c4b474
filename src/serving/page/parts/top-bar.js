import { useEffect, useState } from 'preact/hooks'
import { fetchReadiness } from '../api.js'
import { html } from '../html.js'
import { address, follow } from '../route.js'
import { formatDay, formatTime } from '../time.js'
import { ThemeSwitch } from './theme-switch.js'

const VIEWS = [
  ['/', 'Viewer'],
  ['/operator', 'Operator'],
  ['/inspector', 'Inspector'],
]
const READINESS_INTERVAL_MS = 2000

export function TopBar({ path, userId }) {
  return html`<header class="top">
    <a class="brand" href=${address('/', { user: userId })} onClick=${follow}>
      <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 7c7 0 7 9 13 9h11M4 25c7 0 7-9 13-9" /></svg>
      <span>Tributary</span>
    </a>
    <nav class="tabs" aria-label="Views">
      ${VIEWS.map(
        ([to, name]) => html`<a
          key=${to}
          href=${address(to, { user: userId })}
          aria-current=${to === path ? 'page' : undefined}
          onClick=${follow}
          >${name}</a
        >`,
      )}
    </nav>
    <${StreamClock} />
    <${ThemeSwitch} />
  </header>`
}

/** The time in the stream, which is what "now" means everywhere on the page. */
function StreamClock() {
  const [state, setState] = useState({})
  useEffect(() => {
    const look = () => {
      if (document.hidden) return
      fetchReadiness().then(
        ({ streamTime }) => setState({ streamTime }),
        ({ message }) => setState({ message }),
      )
    }
    look()
    const timer = setInterval(look, READINESS_INTERVAL_MS)
    return () => clearInterval(timer)
  }, [])
  const { streamTime, message } = state
  if (message) return html`<p class="clock" data-state="waiting" title=${message}>${message}</p>`
  if (!streamTime) return html`<p class="clock" data-state="waiting">Connecting …</p>`
  return html`<p class="clock" data-state="ready" title="Stream time, UTC">
    <span class="clock-day">${formatDay(streamTime)}</span> <span class="clock-time">${formatTime(streamTime)}</span>
  </p>`
}
