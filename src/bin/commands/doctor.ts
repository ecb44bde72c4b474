import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { Command } from 'commander'
import { describeConfig, loadConfig } from '../../config/config.ts'
import { openBroker, openEventLog, openStateStore } from '../adapters.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('checks whether the program can run here, and says what is wrong')
    .option('--home <dir>', 'where the embedded state and log are kept')
    .option('--json', 'the checks as JSON')
    .action(async ({ home, json }) => {
      const config = loadConfig({ home })
      const checks: Check[] = [
        await check('node', async () => process.version),
        await check('home', async () => {
          mkdirSync(config.home, { recursive: true })
          accessSync(config.home, constants.W_OK)
          const { bavail, bsize } = statfsSync(config.home)
          return `${config.home}, ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free`
        }),
        await check('broker', async () => {
          const broker = await openBroker(config)
          const bounds = await broker.bounds('ratings')
          await broker.close()
          return `${bounds.length} partitions, ${bounds.reduce((sum, { begin, end }) => sum + end - begin, 0)} ratings`
        }),
        await check('state', async () => {
          const store = await openStateStore(config)
          await store.close()
          return `${store.partitions} partitions`
        }),
        await check('event log', async () => {
          const log = await openEventLog(config)
          await log.migrate()
          const [row] = await log.query<{ version: string }>('SELECT version() AS version')
          await log.close()
          return `ClickHouse ${row?.version}`
        }),
      ]
      if (json) console.log(JSON.stringify({ config: describeConfig(config), checks }))
      else
        for (const { name, ok, detail } of checks) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${detail}`)
      process.exit(checks.every(({ ok }) => ok) ? 0 : 1)
    })
}

async function check(name: string, run: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() }
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
