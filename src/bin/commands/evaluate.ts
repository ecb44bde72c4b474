import { createWriteStream, mkdirSync, readdirSync, readFileSync, type WriteStream, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { type Config, loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { type Fits, fitModels, learningCurves } from '../../evaluation/fitted-models.ts'
import { partsOf } from '../../evaluation/parts.ts'
import type { Plan, PlanOptions } from '../../evaluation/plan.ts'
import { PROTOCOLS } from '../../evaluation/protocols/protocols.ts'
import { qualityPage } from '../../evaluation/quality-page.ts'
import { makeReport, type Report, reportJson } from '../../evaluation/report.ts'
import { type EmbeddingMap, reportPage, reportPlots } from '../../evaluation/report-page.ts'
import { SOURCE_NAMES } from '../../evaluation/systems/live.ts'
import { allocateSystems, CHOOSABLE } from '../../evaluation/systems/systems.ts'
import { emptyTally, mergeTally, type Tally } from '../../evaluation/tally.ts'
import type { ModelName } from '../../models/model-trainer.ts'
import { ProblemList } from '../../producers/datasets/problem-list.ts'
import { formatCount, formatDuration } from '../../producers/progress.ts'
import { openTensorFlow } from '../../training/tensorflow.ts'
import { RANKING_TRAINERS, RETRIEVAL_TRAINERS } from '../../training/trainers.ts'
import { columnNames } from '../columns.ts'
import { parseDuration } from '../durations.ts'
import { openPlan, type PlanSource, startLearner, startShare } from '../evaluation-threads.ts'
import { embeddingMaps } from '../item-embeddings.ts'
import { openTerminal } from '../terminal.ts'

const TRAINERS = [...RETRIEVAL_TRAINERS, ...RANKING_TRAINERS]
const MODELS: readonly string[] = TRAINERS.map(({ trainer }) => trainer.name)

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measures recommendation quality through the code that serves')
    .addOption(new Option('--protocol <name>', 'how').choices(Object.keys(PROTOCOLS)).default('prequential'))
    .option('--data <name|path>', 'ml-1m, ml-100k, synthetic, a folder or a CSV file', 'ml-1m')
    .option(
      '--columns <names>',
      'of a CSV file that calls them otherwise: user=visitor,item=sku,time=seen_at',
      columnNames,
    )
    .option('--every <n>', 'ask one case in so many (everything is learned)', '1')
    .option('--last <share>', 'ask only about the end of the stream, such as 0.2 (prequential)')
    .option('--refresh <interval>', 'with --last: train models anew after so much event time: 1d, 7d, never')
    .option('--seed <n>', 'of everything drawn by chance', '1')
    .option('--systems <names>', `to compare, separated by commas; default all: ${CHOOSABLE.join(', ')}`)
    .option('--models <names>', `trained models to evaluate, too: ${MODELS.join(', ')}`)
    .option('--budget <seconds>', 'to train one model in', '600')
    .option('--threads <n>', 'that share the cases', String(availableParallelism()))
    .option('--json <file>', 'write the report there')
    .option('--dump <file>', 'write one line per answer there, from which all metrics can be recomputed')
    .option('--report <dir>', 'write index.html there, the tables and plots as one page, and each plot as SVG')
    .option('--release <dir>', 'a release, whose item embeddings the report maps')
    .option('--docs <dir>', 'only write <dir>.md from the reports (.json) in that folder')
    .option('--home <dir>', 'where downloads are kept')
    .action(async (given) => {
      if (given.docs) return writeDocs(given.docs)
      const config = loadConfig({ home: given.home })
      const { protocol, data, columns = {}, json, dump } = given
      const options = {
        every: positive('every', given.every),
        seed: positive('seed', given.seed),
        ...endOfStream(protocol, given),
      }
      const threads = positive('threads', given.threads)
      const systems = given.systems ? namesIn('systems', given.systems, CHOOSABLE) : CHOOSABLE
      const models = given.models ? (namesIn('models', given.models, MODELS) as ModelName[]) : []
      const budget = positive('budget', given.budget)
      const start = performance.now()
      const problems = new ProblemList()
      const plan = await openPlan({ protocol, data, columns, config }, options, problems)
      if (problems.count > 0) console.error(problems.describe())
      if (plan.cases === 0)
        throw new TributaryError('BAD_INPUT', `${data}: too few events for ${protocol} to ask anything`)
      printSplit(plan)
      const fitted = await trainModels(plan, models, budget, options.seed, config)
      const source = { protocol, data, columns, config }
      const tally = await evaluateInThreads({ plan, ...source, options, dump, threads, systems, models, fitted })
      const seconds = Math.round((performance.now() - start) / 1000)
      const machine = `${threads} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`
      const learning = fitted ? learningCurves(fitted) : []
      const measured = { ...options, given: givenOptions(given), machine, seconds, learning }
      const report: Report = makeReport(plan, tally, measured)
      if (json) writeFileSync(json, reportJson(report))
      if (given.report)
        writePage(given.report, report, given.release ? embeddingMaps(given.release, plan.events.catalogue) : [])
      printReport(report)
      process.exit()
    })
}

interface Evaluation extends PlanSource {
  readonly plan: Plan
  readonly options: PlanOptions
  readonly systems: readonly string[]
  readonly dump: string | undefined
  readonly threads: number
  readonly models: readonly ModelName[]
  readonly fitted: Fits | undefined
}

/** At every fit of the plan, before its threads begin: each of them then reads the same files. */
async function trainModels(
  plan: Plan,
  models: readonly ModelName[],
  budgetSeconds: number,
  seed: number,
  config: Config,
): Promise<Fits | undefined> {
  if (models.length === 0) return undefined
  console.log(`training on TensorFlow.js, backend ${await openTensorFlow()}`)
  const terminal = openTerminal()
  const fitted = await fitModels(plan, {
    folder: join(config.home, 'evaluation-models'),
    models: TRAINERS.filter(({ trainer }) => models.includes(trainer.name)),
    seed,
    budgetSeconds,
    onProgress: (fit, { model, step, steps, loss, etaSeconds, validation }) => {
      const reached = Object.entries(validation ?? {}).map(([name, value]) => `${name} ${value.toFixed(3)}`)
      const parts = [`${fit} ${model}`, `step ${step} of ${steps}`, `loss ${loss.toFixed(3)}`, ...reached]
      terminal.status(`${parts.join('  ')}  ${formatDuration(1000 * etaSeconds)} left`)
    },
    onTrained: (fit, model, metrics) => {
      const reached = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value.toFixed(4))}`)
      terminal.line(`${fit} ${model}: ${reached.join(', ')}`)
    },
  })
  terminal.end()
  return fitted
}

async function evaluateInThreads(evaluation: Evaluation): Promise<Tally> {
  const { plan, protocol, data, columns, config, options, dump, threads, systems, models, fitted } = evaluation
  const work = plan.learned + plan.cases
  const claims = new Int32Array(new SharedArrayBuffer(4 * partsOf(plan)))
  const memory = allocateSystems(plan, systems, fitted)
  const terminal = openTerminal()
  const out = dump === undefined ? undefined : openDump(dump, plan)
  const start = performance.now()
  const done = new Array<number>(threads).fill(0)
  const common = { ...options, config, protocol, data, columns, fitted }
  const shares = done.map((_, index) =>
    startShare(
      { ...common, dump: out !== undefined, claims, memory, index, systems, models },
      {
        onProgress: (reached) => {
          done[index] = reached
          const least = Math.min(...done)
          const left = ((performance.now() - start) / Math.max(1, least)) * (work - least)
          const percent = Math.floor((100 * least) / work)
          terminal.status(`${protocol} on ${plan.events.name}  ${percent} %  ${formatDuration(left)} left`)
        },
        onAnswers: (answers) => {
          for (const answer of answers) out?.write(`${JSON.stringify(answer)}\n`)
        },
      },
    ),
  )
  const tally = emptyTally(SOURCE_NAMES.length)
  const [tallies] = await Promise.all([
    Promise.all(shares),
    memory.ranker && startLearner({ ...common, ranker: memory.ranker }),
  ])
  for (const share of tallies) mergeTally(tally, share)
  terminal.end()
  out?.end()
  if (out) await finished(out)
  return tally
}

/** The first line says what the answers, one a line after it, are about. */
function openDump(file: string, plan: Plan): WriteStream {
  const { events, protocol, catalogue } = plan
  const out = createWriteStream(file)
  const items = [...catalogue].map((item) => ({ id: events.itemIds[item], genres: events.genres[item] }))
  out.write(`${JSON.stringify({ protocol, data: events.name, items })}\n`)
  return out
}

function writePage(folder: string, report: Report, embeddings: readonly EmbeddingMap[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.html'), reportPage(report, embeddings))
  for (const { name, svg } of reportPlots(report, embeddings)) writeFileSync(join(folder, `${name}.svg`), svg)
}

function writeDocs(folder: string): void {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  const reports = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report)
  writeFileSync(`${folder.replace(/\/+$/, '')}.md`, qualityPage(reports))
}

function printSplit({ protocol, events, rules, statistics }: Plan): void {
  console.log(`${protocol} on ${events.name}\n${rules}`)
  for (const [name, count] of Object.entries(statistics))
    console.log(`  ${name.padEnd(40)}${formatCount(count).padStart(12)}`)
}

const SHOWN = ['HR@10', 'NDCG@10', 'Recall@100', 'MRR', 'MAP', 'GAUC']
const WIDTH = 44

function printReport({ slices, lists, sources, seconds }: Report): void {
  for (const { name, n, systems } of slices.filter((slice) => slice.intervals)) {
    printTable(`${name} (${formatCount(n)})`, SHOWN, systems)
  }
  printTable('first ten shown', ['Coverage@10', 'Diversity@10', 'Novelty@10', 'Popularity@10'], lists)
  const bySource = sources.map(({ name, alone, blendWithout, blend, unique }) => [
    name,
    { alone, 'blend without': blendWithout, blend, unique },
  ])
  printTable(
    'Recall@100 by candidate source',
    ['alone', 'blend without', 'blend', 'unique'],
    Object.fromEntries(bySource),
  )
  console.log(`\n${formatDuration(1000 * seconds)}`)
}

function printTable(
  title: string,
  columns: readonly string[],
  rows: Readonly<Record<string, Record<string, number>>>,
): void {
  const width = (column: string) => Math.max(10, column.length + 2)
  console.log(`\n${title.padEnd(WIDTH)}${columns.map((column) => column.padStart(width(column))).join('')}`)
  for (const [name, values] of Object.entries(rows)) {
    const cells = columns.map((column) => values[column]!.toFixed(4).padStart(width(column)))
    console.log(`  ${name}`.padEnd(WIDTH) + cells.join(''))
  }
}

/** What was chosen to be compared, as on the command line. */
function givenOptions({ last, refresh, systems, models, budget }: Record<string, string | undefined>): string {
  const end = (last ? ` --last ${last}` : '') + (refresh ? ` --refresh ${refresh}` : '')
  return end + (systems ? ` --systems ${systems}` : '') + (models ? ` --models ${models} --budget ${budget}` : '')
}

function endOfStream(
  protocol: string,
  { last, refresh }: Record<string, string | undefined>,
): Pick<PlanOptions, 'last' | 'refreshMs'> {
  if (last === undefined && refresh === undefined) return {}
  const bad = (message: string) => new TributaryError('BAD_USAGE', message)
  if (protocol !== 'prequential') throw bad(`--last and --refresh are of the protocol prequential, not of ${protocol}`)
  const share = Number(last ?? Number.NaN)
  if (!(share > 0 && share < 1))
    throw bad(`--last ${last ?? 'is missing'}: a share between 0 and 1 is needed, such as 0.2`)
  const refreshMs = refresh === 'never' ? Number.POSITIVE_INFINITY : refresh && parseDuration(refresh)
  if (refresh !== undefined && !refreshMs) throw bad(`--refresh ${refresh}: an interval such as 12h or 7d, or never`)
  return { last: share, ...(refreshMs && { refreshMs }) }
}

/** The names in a list separated by commas. */
function namesIn(option: string, text: string, known: readonly string[]): string[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (!known.includes(name)) {
      throw new TributaryError('BAD_USAGE', `--${option} ${name}: there is none; known are ${known.join(', ')}`)
    }
  }
  return names
}

function positive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) {
    throw new TributaryError('BAD_USAGE', `--${option} ${text}: a whole number from 1 is needed`)
  }
  return value
}
