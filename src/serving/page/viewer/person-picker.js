import { useEffect, useState } from 'preact/hooks'
import { fetchUsers } from '../api.js'
import { guestId, isGuest } from '../guest.js'
import { html } from '../html.js'
import { Icon } from '../parts/icon.js'

/** Chooses whom the page is for: a combobox over the ids of users, after the guest of this browser (WAI-ARIA 1.2). */
export function PersonPicker({ userId, choose }) {
  const [text, setText] = useState('')
  const [users, setUsers] = useState([])
  const [active, setActive] = useState(-1)
  const [open, setOpen] = useState(false)

  useEffect(() => {
    if (!open) return undefined
    let stale = false
    fetchUsers(text.trim()).then(
      (found) => stale || setUsers(found),
      () => stale || setUsers([]),
    )
    return () => {
      stale = true
    }
  }, [open, text])

  const options = [{ userId: guestId, label: 'Me, a guest', note: 'this browser' }, ...users.map(optionOf)]
  const take = (chosen) => {
    setText('')
    setOpen(false)
    setActive(-1)
    choose(chosen)
  }
  const onKeyDown = (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      setActive((active + step + options.length) % options.length)
    } else if (event.key === 'Escape') setOpen(false)
  }
  const onSubmit = (event) => {
    event.preventDefault()
    const chosen = active >= 0 && open ? options[active].userId : text.trim()
    if (chosen) take(chosen)
  }

  return html`<form class="picker" role="search" onSubmit=${onSubmit} onFocusOut=${({
    currentTarget,
    relatedTarget,
  }) => {
    if (!currentTarget.contains(relatedTarget)) setOpen(false)
  }}>
    <${Icon} name="search" />
    <input
      type="text" role="combobox" aria-label="Choose a user" placeholder=${isGuest(userId) ? 'Choose a user' : `User ${userId}`}
      aria-expanded=${open} aria-controls="people" aria-autocomplete="list"
      aria-activedescendant=${open && active >= 0 ? `person-${active}` : undefined}
      maxlength="128" autocomplete="off" autocapitalize="off" spellcheck=${false}
      value=${text} onFocus=${() => setOpen(true)} onClick=${() => setOpen(true)} onKeyDown=${onKeyDown}
      onInput=${({ currentTarget }) => {
        setText(currentTarget.value)
        setOpen(true)
        setActive(-1)
      }}
    />
    <ul id="people" class="people" role="listbox" aria-label="Users" hidden=${!open}>
      ${options.map(
        (option, i) => html`<li key=${option.userId} id=${`person-${i}`} role="option" aria-selected=${i === active}
          data-user=${option.userId} data-current=${option.userId === userId ? '' : undefined}
          onMouseDown=${(event) => event.preventDefault()} onClick=${() => take(option.userId)}>
          <span>${option.label}</span><span class="note">${option.note}</span>
        </li>`,
      )}
    </ul>
  </form>`
}

const optionOf = ({ userId, count }) => ({
  userId,
  label: `User ${userId}`,
  note: `${count.toLocaleString('en')} events`,
})
