import { Command, InvalidArgumentError } from 'commander'
import { Catalogue } from '../../catalogue/catalogue.ts'
import { loadConfig } from '../../config/config.ts'
import { loggedSlates } from '../../evaluation/skew/logged-slate.ts'
import { measureSkew } from '../../evaluation/skew/measure-skew.ts'
import { modelKernels } from '../../kernels/model-kernels.ts'
import { openBroker, openEventLog, openReleases } from '../adapters.ts'
import { wholeNumber } from '../numbers.ts'
import { latestProfiles } from '../roles/read-set.ts'
import { skewText } from '../skew-text.ts'
import { openTerminal } from '../terminal.ts'

interface Flags {
  readonly home?: string
  readonly most: number
  readonly since: number
  readonly tolerance: number
  readonly json?: boolean
}

export function skewCommand(): Command {
  return new Command('skew')
    .description(
      'compares what was logged of slates with what the log says they were made of; exit code 1 where it differs',
    )
    .option('--most <slates>', 'the newest so many', wholeNumber(1), 500)
    .option('--since <time>', 'of event time from then on, as 2026-01-31 or 2026-01-31T12:00:00Z', time, 0)
    .option('--tolerance <share>', 'of the values of any one feature, that may differ', share, 0.01)
    .option('--json', 'as JSON')
    .option('--home <dir>', 'where the embedded log, the event log and the releases are kept')
    .action(async (flags: Flags) => process.exit(await skew(flags)))
}

/** Answers the exit code. */
async function skew({ home, most, since, tolerance, json }: Flags): Promise<number> {
  const config = loadConfig({ home })
  const terminal = openTerminal()
  const log = await openEventLog(config)
  await log.migrate()
  const broker = await openBroker(config)
  const catalogue = new Catalogue()
  await catalogue.follow(broker)
  const slates = await loggedSlates(log, most, since)
  const report = await measureSkew(slates, {
    log,
    folder: openReleases(config),
    kernels: modelKernels,
    partitions: config.partitions,
    items: [...catalogue.values()],
    profiles: await latestProfiles(broker),
    // JSON is all that a machine reads.
    ...(!json && { onProgress: (checked: number) => terminal.status(`${checked} of ${slates.length} slates`) }),
  })
  terminal.end()
  await catalogue.stop()
  await broker.close()
  await log.close()
  console.log(json ? JSON.stringify({ ...report, tolerance }, null, 2) : skewText(report, tolerance))
  return report.slates.checked > 0 && report.worst.differing <= tolerance ? 0 : 1
}

function time(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('A time as 2026-01-31 or 2026-01-31T12:00:00Z is needed.')
  return at
}

function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('A number from 0 to 1 is needed.')
}
