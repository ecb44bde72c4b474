import { useRef, useState } from 'preact/hooks'
import { fetchReadiness, sendFeedback, slateStream } from '../api.js'
import { useStream } from '../use-stream.js'
import { compare, summarize } from './changes.js'

/** A change this long after feedback is not its doing. */
const ANSWER_MS = 3000
const SAYING = { like: 'like', watched: 'watched', skip: 'skip', undo: 'undo' }

/**
 * A user's slate as it changes.
 * @param onBeforeChange called before a changed slate is drawn
 * @returns `{ slate, user, changes, notice, connected, give, takeBack }`; `user` is null for one without a trace
 */
export function useSlate(userId, onBeforeChange) {
  const [state, setState] = useState({ changes: new Map() })
  const [notice, setNotice] = useState()
  const asked = useRef()
  const [attempt, setAttempt] = useState(0)
  const own = state.userId === userId ? state : { changes: new Map() }

  const connected = useStream(`${slateStream(userId)}${attempt ? `#${attempt}` : ''}`, {
    slate({ slate, user }) {
      const arrived = performance.now()
      const previous = state.userId === slate.userId ? state.slate : undefined
      const difference = previous && compare(idsOf(previous), idsOf(slate))
      if (previous) onBeforeChange()
      setState({ userId: slate.userId, slate, user, changes: difference?.changes ?? new Map() })
      const action = asked.current
      asked.current = undefined
      if (difference && action && arrived - action.at < ANSWER_MS) {
        const took = Math.max(1, Math.round(arrived - action.at))
        setNotice({ ...action, text: `${took} ms after your ${SAYING[action.kind]}`, detail: summarize(difference) })
      }
      if (slate.items.length === 0) retryWhenReady(() => setAttempt((count) => count + 1))
    },
    failure: ({ detail }) => setNotice({ text: detail }),
  })

  async function send(feedback, item) {
    const action = { kind: feedback.kind, item, at: performance.now(), userId }
    asked.current = action
    setNotice({ ...action, text: `Sending your ${SAYING[action.kind]} …` })
    try {
      await sendFeedback({ userId, itemId: item.itemId, ...feedback })
    } catch (error) {
      asked.current = undefined
      setNotice({ text: `Your ${SAYING[action.kind]} did not arrive. ${error.message}` })
    }
  }

  return {
    ...own,
    connected,
    notice: notice?.userId === undefined || notice.userId === userId ? notice : undefined,
    dismiss: () => setNotice(undefined),
    give: (item, kind) => send({ kind, ...(own.slate && { requestId: own.slate.requestId }) }, item),
    /** @param entry of the history */
    takeBack: (entry) => send({ kind: 'undo', at: entry.at }, entry),
  }
}

const idsOf = (slate) => slate.items.map(({ itemId }) => itemId)

function retryWhenReady(retry) {
  setTimeout(() => fetchReadiness().then(retry, () => retryWhenReady(retry)), 1500)
}
