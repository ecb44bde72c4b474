import { Problem } from './problem.ts'

export interface AdmissionLimits {
  /** Requests being worked on at once. */
  readonly maxInFlight: number
  /** How late a timer may be before requests are refused: what a request waits before it is even looked at. */
  readonly maxEventLoopLagMs: number
}

/** Refuses requests before latency explodes: work that has been begun is finished, work beyond the limits is not begun. */
export interface Admission {
  /** The problem to answer with, when there is too much to do already. */
  refusal(): Problem | undefined
  begin(): void
  end(): void
  readonly inFlight: number
  close(): void
}

const LAG_SAMPLE_MS = 100

export function createAdmission(limits: AdmissionLimits): Admission {
  let inFlight = 0
  let lagMs = 0
  let due = performance.now() + LAG_SAMPLE_MS
  const timer = setInterval(() => {
    const now = performance.now()
    lagMs = now - due
    due = now + LAG_SAMPLE_MS
  }, LAG_SAMPLE_MS)
  timer.unref()

  return {
    refusal() {
      if (inFlight < limits.maxInFlight && lagMs <= limits.maxEventLoopLagMs) return undefined
      return new Problem('overloaded', 'The server is answering as many requests as it can: try again shortly.')
    },
    begin() {
      inFlight++
    },
    end() {
      inFlight--
    },
    get inFlight() {
      return inFlight
    },
    close() {
      clearInterval(timer)
    },
  }
}
