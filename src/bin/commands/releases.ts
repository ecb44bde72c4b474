import { Command } from 'commander'
import type { Broker } from '../../broker/broker.ts'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { announce, announced } from '../../releases/announcements.ts'
import type { Manifest } from '../../releases/manifest.ts'
import type { ReleaseFolder } from '../../releases/release-folder.ts'
import { openBroker, openReleases } from '../adapters.ts'

const HOME = ['--home <dir>', 'where the embedded log and the releases are kept'] as const

interface Places {
  readonly broker: Broker
  readonly folder: ReleaseFolder
}

export function releasesCommand(): Command {
  const command = new Command('releases').description('the releases of trained models, and which one is in service')
  command
    .command('list')
    .description('what there is, oldest first, and what the gate refused last')
    .option(...HOME)
    .option('--json', 'manifests and refusals, as JSON')
    .action(({ home, json }) => inPlaces({ home }, (places) => list(places, json)))
  command
    .command('promote')
    .description('puts a release in service')
    .argument('<version>')
    .option(...HOME)
    .action((version, { home }) => inPlaces({ home }, (places) => promote(places, version)))
  command
    .command('rollback')
    .description('puts the release before the one in service back')
    .option(...HOME)
    .action(({ home }) => inPlaces({ home }, rollBack))
  return command
}

async function inPlaces(flags: { home?: string }, use: (places: Places) => Promise<void>): Promise<void> {
  const config = loadConfig(flags)
  const broker = await openBroker(config)
  await use({ broker, folder: openReleases(config) })
  await broker.close()
  process.exit()
}

async function list({ broker, folder }: Places, json: boolean): Promise<void> {
  const [{ releases, unreadable }, refusals, current] = await Promise.all([
    folder.list(),
    folder.refusals(),
    announced(broker),
  ])
  if (json) {
    console.log(JSON.stringify({ inService: current?.version ?? null, releases, unreadable, refusals }, null, 2))
    return
  }
  if (releases.length === 0) console.log('There is no release yet: `tributary train --once` makes one.')
  for (const release of releases) console.log(line(release, release.version === current?.version))
  for (const { version, reason } of unreadable) console.log(`${version}  unreadable: ${reason}`)
  for (const { version, gate } of refusals) console.log(`${version}  refused: ${gate.reasons.join('; ')}`)
}

function line({ version, watermark, vocabulary, files, models, gate }: Manifest, inService: boolean): string {
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
  const quality = Object.keys(models).flatMap((name) => {
    const recall = gate.measures[`${name}/Recall@100`]
    return recall === undefined ? [] : [`${name} Recall@100 ${recall.toFixed(3)}`]
  })
  const size = `${vocabulary.items} items, ${(bytes / 2 ** 20).toFixed(1)} MiB`
  return `${version}${inService ? ' *' : '  '}  to ${new Date(watermark).toISOString()}  ${size}  ${quality.join(', ')}`
}

/** Loads it first: what cannot be loaded is not announced. */
async function promote({ broker, folder }: Places, version: string): Promise<void> {
  const loaded = await folder.load(version)
  await announce(broker, loaded)
  console.log(`Release ${version} is announced: servers that follow the topic load it now.`)
}

async function rollBack(places: Places): Promise<void> {
  const current = await announced(places.broker)
  const { releases } = await places.folder.list()
  const before = releases.filter(({ version }) => current && version < current.version).at(-1)
  if (!before) {
    const where = current ? `before ${current.version}` : 'in service'
    throw new TributaryError(
      'BAD_INPUT',
      `there is no release ${where}: \`tributary releases list\` says what there is`,
    )
  }
  await promote(places, before.version)
}
