import { existsSync, readFileSync, statSync } from 'node:fs'
import { Command } from 'commander'
import { type Config, loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { LIVE_GROUP } from '../../state/keys.ts'
import { type Digest, digestOf } from '../digest.ts'

export function stateCommand(): Command {
  const command = new Command('state').description('compares what runs have come to')
  command
    .command('digest')
    .description('a hash of what each projection and the event log hold, however it is stored')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .option('--group <name>', 'the consumer group', LIVE_GROUP)
    .option('--json', 'as JSON, for `state diff`')
    .action(async ({ home, group, json }) => {
      const digest = await digestOf(loadConfig({ home }), group)
      if (json) console.log(JSON.stringify(digest))
      else for (const [table, { entries, hash }] of Object.entries(digest)) console.log(row(table, entries, hash))
      process.exit()
    })
  command
    .command('diff')
    .description('whether two runs have come to the same histories, features, counts and events; exit code 1 if not')
    .argument('<a>', 'a home (--home of an embedded run), or a file with what `state digest --json` printed')
    .argument('[b]', 'another one; without it, what the configured servers hold')
    .option('--group <name>', 'the consumer group', LIVE_GROUP)
    .action(async (a, b, { group }) => {
      const [left, right] = [await digestAt(a, group), await digestAt(b, group)]
      const tables = [...new Set([...Object.keys(left), ...Object.keys(right)])]
      for (const table of tables) {
        const [one, other] = [left[table], right[table]]
        if (one?.hash === other?.hash) console.log(`equal  ${row(table, one!.entries, one!.hash)}`)
        else for (const side of [one, other]) console.log(`DIFFER ${row(table, side?.entries ?? 0, side?.hash ?? '-')}`)
      }
      const different = tables.filter((table) => left[table]?.hash !== right[table]?.hash)
      console.log(different.length === 0 ? 'equal' : `different: ${different.join(', ')}`)
      process.exit(different.length === 0 ? 0 : 1)
    })
  return command
}

async function digestAt(place: string | undefined, group: string): Promise<Digest> {
  if (place === undefined) return digestOf(configured(), group)
  if (!existsSync(place) || !statSync(place).isDirectory()) return readDigest(place)
  const embedded = { kafkaBrokers: [], redisUrl: undefined, clickhouseUrl: undefined }
  return digestOf({ ...loadConfig({ home: place }), ...embedded }, group)
}

function configured(): Config {
  const config = loadConfig()
  if (config.redisUrl !== undefined || config.clickhouseUrl !== undefined) return config
  throw new TributaryError(
    'BAD_USAGE',
    'no servers are configured to compare with: set REDIS_URL and CLICKHOUSE_URL, or name a second home or file.',
  )
}

function row(table: string, entries: number, hash: string): string {
  return `${table.padEnd(16)} ${String(entries).padStart(12)} entries  ${hash}`
}

function readDigest(file: string): Digest {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const why = (cause as Error).message
    throw new TributaryError(
      'BAD_INPUT',
      `${file}: ${why}. Write it with \`tributary state digest --json\`, or name the home of a run.`,
      {},
      cause,
    )
  }
}
