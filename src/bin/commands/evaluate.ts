import { createWriteStream, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import {
  mergePrequential,
  type Prediction,
  type PrequentialSums,
  type Report,
  reportPrequential,
  SYSTEMS,
} from '../../evaluation/prequential.ts'
import { ProblemList } from '../../producers/datasets/problem-list.ts'
import { formatCount, formatDuration } from '../../producers/progress.ts'
import { startShare } from '../evaluation-threads.ts'
import { openData } from '../roles/replay.ts'
import { openTerminal } from '../terminal.ts'

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measures recommendation quality through the code that serves')
    .addOption(new Option('--protocol <name>', 'how').choices(['prequential']).default('prequential'))
    .option('--data <name|path>', 'ml-1m, ml-100k, synthetic, a folder or a CSV file', 'ml-1m')
    .option('--every <n>', 'predict one event in so many (all are learned)', '1')
    .option('--json <file>', 'write the report there')
    .option('--dump <file>', 'write one line per prediction there: sequence, user, item, and the rank by each system')
    .option('--home <dir>', 'where downloads are kept')
    .action(async ({ data, every, json, dump, home }) => {
      const config = loadConfig({ home })
      const terminal = openTerminal()
      const problems = new ProblemList()
      const dataset = await openData(data, config, problems)
      if (problems.count > 0) console.error(problems.describe())
      const shares = availableParallelism()
      const start = performance.now()
      const reached = new Array<number>(shares).fill(0)
      const predictions: Prediction[][] = []
      const outcomes = await Promise.all(
        reached.map((_, index) =>
          startShare(
            { config, data, every: positive(every), dump: dump !== undefined, index, of: shares },
            (events) => {
              reached[index] = events
              const least = Math.min(...reached)
              const left = ((performance.now() - start) / Math.max(1, least)) * (dataset.size - least)
              terminal.status(
                `${formatCount(least)} of ${formatCount(dataset.size)} events  ${formatDuration(left)} left`,
              )
            },
          ),
        ),
      )
      const sums: PrequentialSums = {}
      for (const outcome of outcomes) {
        mergePrequential(sums, outcome.sums)
        predictions.push(outcome.predictions)
      }
      terminal.end()
      const report = reportPrequential(dataset.name, sums)
      if (dump) await writeDump(dump, predictions.flat())
      if (json) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
      printReport(report)
      console.log(`${formatDuration(performance.now() - start)} for ${formatCount(dataset.size)} events`)
      process.exit()
    })
}

const SHOWN = ['HR@10', 'NDCG@10', 'HR@100', 'MRR']

function printReport({ protocol, data, slices }: Report): void {
  console.log(`${protocol} on ${data}`)
  for (const { name, n, systems } of slices) {
    console.log(
      `\n${name} (${formatCount(n)} predictions)`.padEnd(44) + SHOWN.map((metric) => metric.padStart(9)).join(''),
    )
    for (const [system, metrics] of Object.entries(systems)) {
      console.log(`  ${system}`.padEnd(43) + SHOWN.map((metric) => metrics[metric]!.toFixed(4).padStart(9)).join(''))
    }
  }
}

/** Ranks are 0 for the best; empty for an item that could not be recommended. */
async function writeDump(file: string, predictions: Prediction[]): Promise<void> {
  const out = createWriteStream(file)
  out.write(`${['sequence', 'user', 'item', ...SYSTEMS].join('\t')}\n`)
  for (const { sequence, userId, itemId, ranks } of predictions.sort((a, b) => a.sequence - b.sequence)) {
    const columns = SYSTEMS.map((system) => (ranks[system] === Number.POSITIVE_INFINITY ? '' : ranks[system]))
    out.write(`${[sequence, userId, itemId, ...columns].join('\t')}\n`)
  }
  out.end()
  await finished(out)
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1)
    throw new TributaryError('BAD_USAGE', `--every ${text}: 1 or more is needed`)
  return value
}
