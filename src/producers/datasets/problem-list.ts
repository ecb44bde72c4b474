import { formatCount } from '../progress.ts'
import type { Problem } from './lines.ts'

const MAX_EXAMPLES = 100

/** What could not be read, all of it counted and the first of it kept. `add` is an `onProblem`. */
export class ProblemList {
  readonly examples: Problem[] = []
  #count = 0

  readonly add = (problem: Problem): void => {
    this.#count++
    if (this.examples.length < MAX_EXAMPLES) this.examples.push(problem)
  }

  get count(): number {
    return this.#count
  }

  /** A line for each of the first few; empty where all was well. */
  describe(lines = 5): string {
    if (this.#count === 0) return ''
    const shown = this.examples.slice(0, lines)
    const rest = this.#count - shown.length
    return [
      `${formatCount(this.#count)} ${this.#count === 1 ? 'line' : 'lines'} could not be read and ${this.#count === 1 ? 'was' : 'were'} left out:`,
      ...shown.map(({ file, line, reason }) => `  ${file}:${line}: ${reason}`),
      ...(rest > 0 ? [`  and ${formatCount(rest)} more`] : []),
    ].join('\n')
  }
}
