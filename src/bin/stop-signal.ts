/** Aborts on the first of these signals; a second one ends the process at once. */
export function stopSignal(names: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): AbortSignal {
  const stopping = new AbortController()
  for (const name of names) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(130)
      stopping.abort()
    })
  }
  return stopping.signal
}
