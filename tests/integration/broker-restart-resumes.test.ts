import { it } from 'vitest'
import { describeWithEngine } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

await describeWithEngine('a replay during which Kafka is killed and started again', SERVERS, () => {
  it('goes on by itself, producer and consumers, and comes to the state of a run that nobody disturbed', async () => {
    const outcome = await disturbedReplay(async ({ servers, folded }) => {
      await folded(0.3)
      await servers.KAFKA_BROKERS.restart()
    })
    expectAsIfNothingHadHappened(outcome)
  })
})
