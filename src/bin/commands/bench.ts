import { writeFileSync } from 'node:fs'
import { Argument, Command, Option } from 'commander'
import type { Benchmark } from '../../../benchmarks/benchmark.ts'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { wholeNumber } from '../numbers.ts'
import { openTerminal } from '../terminal.ts'

const NAMES = [
  'replay',
  'freshness',
  'recommend',
  'index',
  'train',
  'cold-items',
  'swap',
  'train-beside-serving',
  'page',
  'ranker',
  'slate',
  'slates',
  'position-bias',
]

export function benchCommand(): Command {
  return new Command('bench')
    .description('measures speed, beside a baseline in the same run')
    .addArgument(new Argument('<name>').choices(NAMES))
    .option('--data <name|path>', 'ml-1m, ml-100k, synthetic, a folder or a CSV file', 'ml-1m')
    .option('--events <count>', 'only so many events of the data set', wholeNumber(1))
    .addOption(
      new Option('--deployment <which>', 'distributed: over KAFKA_BROKERS, REDIS_URL, CLICKHOUSE_URL, or containers')
        .choices(['embedded', 'distributed'])
        .default('embedded'),
    )
    .option('--processes <count>', 'servers that share the requests, for `recommend`', wholeNumber(1), 1)
    .option('--trained', 'with a release of every model in service, for `recommend`', false)
    .option('--json <file>', 'write the figures there, as one JSON object')
    .option('--home <dir>', 'where downloads are kept')
    .action(async (name, { data, events, deployment, processes, trained, json, home }) => {
      if ((processes > 1 || trained) && name !== 'recommend') {
        const option = trained ? '--trained' : '--processes'
        throw new TributaryError('BAD_USAGE', `bench ${name} has no ${option}: only \`recommend\` has`)
      }
      const terminal = openTerminal()
      const { run }: { run: Benchmark } = await import(`../../../benchmarks/${name}.ts`)
      const embedded = { kafkaBrokers: [], redisUrl: undefined, clickhouseUrl: undefined }
      const figures = await run({
        config: { ...loadConfig({ home }), ...embedded },
        data,
        maxEvents: events ?? Number.POSITIVE_INFINITY,
        deployment,
        processes,
        trained,
        status: (text) => terminal.status(text),
      })
      terminal.end()
      if (json) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`)
      for (const [figure, value] of Object.entries(figures)) {
        console.log(`${figure.padEnd(24)} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      }
      process.exit()
    })
}
