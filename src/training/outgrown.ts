/** Of what models began with. */
const GROWN = 1.5

/**
 * Whether models are to begin anew rather than be refreshed once more. A refresh looks at what is new, a few times and in
 * small steps: what it learns of a log that has grown by half is much less than what a cold run would.
 *
 * @param events of the log
 * @param begunWith events that the log had when the models were last trained from nothing
 */
export function isOutgrown(events: number, begunWith: number): boolean {
  return events >= GROWN * begunWith
}
