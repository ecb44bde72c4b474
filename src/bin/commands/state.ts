import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { digestState } from '../../state/digest.ts'
import { LIVE_GROUP } from '../../state/keys.ts'
import { openEventLog, openStateStore } from '../adapters.ts'

export function stateCommand(): Command {
  const command = new Command('state').description('compares what runs have come to')
  command
    .command('digest')
    .description('a hash of what each projection and the event log hold, however it is stored')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .option('--group <name>', 'the consumer group', LIVE_GROUP)
    .option('--json', 'as JSON, for `state diff`')
    .action(async ({ home, group, json }) => {
      const config = loadConfig({ home })
      const store = await openStateStore(config)
      const state = await digestState(store, group)
      await store.close()
      const log = await openEventLog(config)
      await log.migrate()
      const { rows, hash } = await log.digest()
      await log.close()
      const digest = { ...state, 'event-log': { entries: rows, hash } }
      if (json) console.log(JSON.stringify(digest))
      else for (const [table, { entries, hash }] of Object.entries(digest)) console.log(row(table, entries, hash))
      process.exit()
    })
  command
    .command('diff')
    .description('exit code 1 where two digests differ')
    .argument('<a>', 'file with what `state digest --json` printed')
    .argument('<b>', 'another one')
    .action((a, b) => {
      const [left, right] = [readDigest(a), readDigest(b)]
      const tables = [...new Set([...Object.keys(left), ...Object.keys(right)])]
      const different = tables.filter((table) => left[table]?.hash !== right[table]?.hash)
      for (const table of different) {
        for (const side of [left, right]) console.log(row(table, side[table]?.entries ?? 0, side[table]?.hash ?? '-'))
      }
      console.log(different.length === 0 ? 'equal' : `different: ${different.join(', ')}`)
      process.exitCode = different.length === 0 ? 0 : 1
    })
  return command
}

function row(table: string, entries: number, hash: string): string {
  return `${table.padEnd(16)} ${String(entries).padStart(12)} entries  ${hash}`
}

function readDigest(file: string): Record<string, { entries: number; hash: string }> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    const why = (cause as Error).message
    throw new TributaryError(
      'BAD_INPUT',
      `${file}: ${why}. Write it with \`tributary state digest --json\`.`,
      {},
      cause,
    )
  }
}
