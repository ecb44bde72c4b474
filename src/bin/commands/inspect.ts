import { Command } from 'commander'
import { loadConfig } from '../../config/config.ts'
import { TributaryError } from '../../errors.ts'
import { decode } from '../../events/codec.ts'
import { TOPIC_NAMES, type Topic } from '../../events/topics.ts'
import type { LiveRecommender } from '../../serving/live-recommender.ts'
import { openBroker } from '../adapters.ts'
import { inspectionText } from '../inspection-text.ts'
import { wholeNumber } from '../numbers.ts'
import { openRecommender } from '../open-recommender.ts'

export function inspectCommand(): Command {
  const command = new Command('inspect').description('what the program knows of a user, an item or a topic')
  const home = ['--home <dir>', 'where the embedded state and log are kept'] as const
  command
    .command('user')
    .description('history, each source’s candidates, what filters remove, and why an item is or is not recommended')
    .argument('<id>')
    .option('--target <item>', 'why it is, or is not, recommended')
    .option(...home)
    .option('-k <items>', 'items of each list, and how many count as recommended', wholeNumber(1, 100), 10)
    .option('--json', 'all of it as JSON, and the slate with its explanations')
    .action((userId, { home, k, target, json }) =>
      withRecommender({ home }, async (recommender) => {
        const inspection = await recommender.inspect(userId, { k, ...(target !== undefined && { target }) })
        if (!json) return console.log(inspectionText(inspection))
        const view = await recommender.user(userId)
        const slate = await recommender.recommend({ userId, k, explain: true, debug: true })
        print({ user: view ?? null, slate, inspection })
      }),
    )
  command
    .command('item')
    .description(
      'catalogue entry, the items that go with it, and those nearest to it in each space of embeddings, as JSON',
    )
    .argument('<id>')
    .option(...home)
    .option('-k <items>', 'items shown', wholeNumber(1, 100), 10)
    .action((itemId, { home, k }) =>
      withRecommender({ home }, async (recommender) => {
        const item = recommender.item(itemId)
        if (!item) throw new TributaryError('BAD_INPUT', `the catalogue has no item ${JSON.stringify(itemId)}`)
        const [similar, neighbours] = [await recommender.similar(itemId, k), await recommender.neighbours(itemId, k)]
        print({ item, similar, neighbours: { release: neighbours!.release, spaces: neighbours!.spaces } })
      }),
    )
  command
    .command('topic')
    .description('bounds of its partitions and its latest events, as JSON')
    .argument('<name>', TOPIC_NAMES.join(', '))
    .option(...home)
    .option('-n <events>', 'latest events shown, per partition', wholeNumber(0), 3)
    .action(async (name, { home, n }) => {
      if (!TOPIC_NAMES.includes(name)) {
        throw new TributaryError('BAD_USAGE', `no topic ${JSON.stringify(name)}; there are ${TOPIC_NAMES.join(', ')}`)
      }
      const topic: Topic = name
      const broker = await openBroker(loadConfig({ home }))
      const partitions = []
      for (const [partition, { begin, end }] of (await broker.bounds(topic)).entries()) {
        const records = await broker.read(topic, partition, Math.max(begin, end - n), n)
        const latest = records.map(({ offset, key, value }) => ({ offset, key, ...decode(topic, value) }))
        partitions.push({ partition, begin, end, latest })
      }
      print({ topic, partitions })
      await broker.close()
      process.exit()
    })
  return command
}

async function withRecommender(flags: { home?: string }, use: (recommender: LiveRecommender) => Promise<void>) {
  const { recommender, close } = await openRecommender(loadConfig(flags))
  await use(recommender)
  await close()
  process.exit()
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}
