import { fetchHistory, fetchReadiness, fetchSlate, fetchSomeUsers, sendFeedback } from './api.js'
import { compare, summarize } from './changes.js'
import { element } from './element.js'
import { showHistory } from './history.js'
import { showSlate } from './slate.js'
import { guestId, rememberInAddress, userInAddress } from './user.js'

const FIRST_POLL_MS = 10
const MAX_POLL_MS = 200
const GIVE_UP_MS = 3000
const STATE_INTERVAL_MS = 2000

const byId = (id) => document.getElementById(id)
const guest = guestId()

let userId = ''
let slate
/** Rises with every choice and every feedback: only the newest may draw. */
let turn = 0

async function choose(chosen) {
  const mine = ++turn
  userId = chosen
  rememberInAddress(userId)
  byId('user').value = userId
  showChosen()
  say('')
  await load(mine)
}

function showChosen() {
  for (const button of byId('suggestions').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(idOf(button) === userId))
  }
}

/** Who there is to look at shows once the stream has brought some. */
async function suggestUsers() {
  if (byId('known-users').childElementCount > 0) return
  const buttons = (await fetchSomeUsers()).map((known) => {
    const button = element('button', { type: 'button' }, known)
    button.dataset.user = known
    return button
  })
  byId('known-users').replaceChildren(...buttons)
  showChosen()
}

async function load(mine) {
  byId('slate').setAttribute('aria-busy', 'true')
  try {
    const [next, history] = await Promise.all([fetchSlate(userId), fetchHistory(userId)])
    if (mine !== turn) return
    draw(next, new Map())
    showHistory(byId('history'), history)
  } catch (error) {
    if (mine === turn) showFailure(error)
  }
}

function draw(next, changes) {
  slate = next
  showSlate(byId('slate'), slate, changes, give)
  byId('slate').setAttribute('aria-busy', 'false')
}

/** Sends feedback, then asks again until the list knows of it: what the user liked, watched or skipped has left. */
async function give(item, kind) {
  const mine = ++turn
  const begun = performance.now()
  const what = `${kind} of ${item.title}`
  try {
    say(`Sending your ${what} …`)
    await sendFeedback({ userId, itemId: item.itemId, kind, requestId: slate.requestId })
    const before = slate.items.map((one) => one.itemId)
    const next = await untilGone(item.itemId, begun, mine)
    if (mine !== turn) return
    if (!next) return say(`Your ${what} has been taken; the list did not change within ${GIVE_UP_MS / 1000} s.`)
    const took = Math.round(performance.now() - begun)
    const difference = compare(
      before,
      next.items.map((one) => one.itemId),
    )
    draw(next, difference.changes)
    say(`${took} ms after your ${what}: ${summarize(difference)}.`)
    showHistory(byId('history'), await fetchHistory(userId))
  } catch (error) {
    if (mine === turn) say(`Your ${what} did not arrive. ${error.message}`)
  }
}

async function untilGone(itemId, begun, mine) {
  for (let pause = FIRST_POLL_MS; performance.now() - begun < GIVE_UP_MS; pause = Math.min(pause * 1.5, MAX_POLL_MS)) {
    const next = await fetchSlate(userId)
    if (mine !== turn) return undefined
    if (!next.items.some((item) => item.itemId === itemId)) return next
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  return undefined
}

function say(text) {
  byId('change').textContent = text
}

function showFailure(error) {
  const again = element('button', { type: 'button' }, 'Try again')
  again.addEventListener('click', () => load(++turn))
  byId('slate').replaceChildren(element('p', { className: 'failure' }, error.message, ' ', again))
  byId('slate').setAttribute('aria-busy', 'false')
  slate = undefined
}

async function showState() {
  const state = byId('state')
  try {
    const { streamTime } = await fetchReadiness()
    const time = new Date(streamTime).toLocaleString(undefined, {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: 'UTC',
    })
    const degraded = slate?.degraded.length ? `degraded: ${slate.degraded.join(', ')}` : undefined
    state.dataset.state = degraded ? 'degraded' : 'ready'
    state.textContent = ['Ready', `stream time ${time} UTC`, slate && `release ${slate.release}`, degraded]
      .filter(Boolean)
      .join(' · ')
    if (!slate?.items.length) await load(++turn)
    await suggestUsers()
  } catch (error) {
    state.dataset.state = 'waiting'
    state.textContent = error.message
  }
}

const idOf = (button) => (button.dataset.user === 'guest' ? guest : button.dataset.user)

byId('chooser').addEventListener('submit', (event) => {
  event.preventDefault()
  choose(byId('user').value.trim() || guest)
})
byId('suggestions').addEventListener('click', (event) => {
  const button = event.target.closest('button')
  if (button) choose(idOf(button))
})

await choose(userInAddress() || guest)
await showState()
setInterval(() => document.hidden || showState(), STATE_INTERVAL_MS)
