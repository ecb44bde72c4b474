// Writes what the ranker learns from for leave-one-out and what it is then asked, for ranker-rivals.py and ranker-tasks.py: other
// models on the same slates. The models that `evaluate` would take part with are taken from the home, or trained.
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openPlan } from '../src/bin/evaluation-threads.ts'
import { type AskedSlate, askedSlates } from '../src/evaluation/asked-slates.ts'
import { type Events, interactionAt } from '../src/evaluation/events.ts'
import { type FittedFiles, fitModels } from '../src/evaluation/fitted-models.ts'
import type { Plan } from '../src/evaluation/plan.ts'
import { rankerNames } from '../src/evaluation/systems/ranker-examples.ts'
import { ATTENDED, attendedHistory } from '../src/kernels/attended-history.ts'
import { CANDIDATES } from '../src/ranking/candidate-ranker.ts'
import { satisfactionOf } from '../src/training/ranking-examples.ts'
import { RETRIEVAL_TRAINERS } from '../src/training/trainers.ts'
import type { Benchmark } from './benchmark.ts'

const BUDGET_SECONDS = 600
/** Numbers of a history entry: item, kind, buckets of value and age. */
const ENTRY = 4
const COLUMNS = ['rows', 'items', 'target', 'context', 'history', 'satisfied'] as const

export const run: Benchmark = async ({ config, data, status }) => {
  const source = { protocol: 'leave-one-out', data, columns: {}, config }
  const plan = await openPlan(source, { every: 1, seed: 1 })
  const fitted = await fitModels(plan, {
    folder: join(config.home, 'evaluation-models'),
    models: RETRIEVAL_TRAINERS,
    seed: 1,
    budgetSeconds: BUDGET_SECONDS,
    onProgress: (fit, { model, step, steps }) => status(`${fit} ${model} ${step} of ${steps}`),
  })
  const folder = join(config.home, 'slates', plan.events.name)
  mkdirSync(folder, { recursive: true })
  const { names, contextNames } = rankerNames()
  const counts: Record<string, number> = {}

  async function write(part: string, asked: Plan, files: FittedFiles | undefined) {
    const columns = COLUMNS.map((column) => openSync(join(folder, `${part}.${column}`), 'w'))
    counts[part] = 0
    for await (const slate of askedSlates(asked, { partitions: config.partitions, files })) {
      for (const [at, values] of columnsOf(slate, plan.events).entries()) writeSync(columns[at]!, values)
      if (++counts[part]! % 100 === 0) status(`${part} ${counts[part]}`)
    }
    for (const file of columns) closeSync(file)
  }

  await write('cases', plan.rehearsal!, fitted.rehearsal?.files)
  await write('asked', plan, fitted.fits[0])
  await write('frozen', withFrozenHistories(plan), fitted.rehearsal?.files)
  const items = plan.events.itemIds.length
  writeFileSync(
    join(folder, 'shapes.json'),
    JSON.stringify({ names, contextNames, items, candidates: CANDIDATES, counts }),
  )
  return { folder, ...counts }
}

/** The same asked of what the rehearsal knows: without the events just before the targets. */
function withFrozenHistories(plan: Plan): Plan {
  return {
    ...plan,
    *steps() {
      for (const step of plan.rehearsal!.steps()) {
        yield step
        if (step.type === 'fit') break
      }
      for (const step of plan.steps()) if (step.type === 'predict') yield step
    },
  }
}

/**
 * COLUMNS: (CANDIDATES, features), (CANDIDATES) with -1 for none, 1 with -1 for none, (context features), (ATTENDED, ENTRY),
 * 1 with NaN where nobody knows.
 */
function columnsOf({ scored, table, rows, sequence }: AskedSlate, events: Events): NodeJS.ArrayBufferView[] {
  const width = table.items.length / Math.max(1, table.candidates.length)
  const features = new Float16Array(CANDIDATES * width)
  features.set(table.items)
  const items = new Int32Array(CANDIDATES).fill(-1)
  items.set(table.candidates)
  const { length, item, kind, value, age } = attendedHistory(scored.context.history, scored.context.now, (item) => item)
  const history = new Int32Array(ATTENDED * ENTRY).fill(-1)
  for (let i = 0; i < length; i++) history.set([item[i]!, kind[i]!, value[i]!, age[i]!], i * ENTRY)
  const target = Int32Array.of(rows[0] ?? -1)
  const satisfied = Float32Array.of(satisfactionOf(interactionAt(events, sequence)))
  return [features, items, target, table.context, history, satisfied] as NodeJS.ArrayBufferView[]
}
