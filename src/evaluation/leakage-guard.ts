import { TributaryError } from '../errors.ts'
import type { Step } from './plan.ts'

/** Passes a plan's steps on, and refuses one that asks for an event the systems have learned already. */
export function* guardLeakage(steps: Iterable<Step>, size: number): Generator<Step> {
  const learned = new Uint8Array(size)
  for (const step of steps) {
    if (step.type === 'learn') {
      if (learned[step.sequence] === 1) throw leak(`event ${step.sequence} is learned twice`, step.sequence)
      learned[step.sequence] = 1
    } else if (step.type === 'predict') {
      for (const target of step.case.targets) {
        if (learned[target] === 1) throw leak(`event ${target} is learned, then predicted`, target)
      }
    }
    yield step
  }
}

function leak(what: string, sequence: number): TributaryError {
  const message = `test data has leaked into training: ${what}; the protocol is wrong and nothing has been measured`
  return new TributaryError('INTERNAL', message, { sequence })
}
