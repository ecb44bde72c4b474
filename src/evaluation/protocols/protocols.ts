import type { Events } from '../events.ts'
import type { Plan, PlanOptions } from '../plan.ts'
import { candidates } from './candidates.ts'
import { leaveOneOut } from './leave-one-out.ts'
import { prequential } from './prequential.ts'
import { sampled } from './sampled.ts'
import { temporal } from './temporal.ts'

/** Every protocol by the name it is asked for. */
export const PROTOCOLS: Readonly<Record<string, (events: Events, options: PlanOptions) => Plan>> = {
  prequential,
  'leave-one-out': leaveOneOut,
  temporal,
  sampled,
  candidates,
}
