import { useState } from 'preact/hooks'

/** The value of the latest drawing, in `current`: for what outlives a drawing. */
export function useLatest(value) {
  const [box] = useState({})
  box.current = value
  return box
}
