import { expect, it } from 'vitest'
import { describeWithEngine } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

await describeWithEngine('a replay during most of which ClickHouse is down', SERVERS, () => {
  it('is folded meanwhile, and is in the event log once, and whole, when ClickHouse is back', async () => {
    const outcome = await disturbedReplay(async ({ deployment, servers, folded }) => {
      await folded(0.1)
      await servers.CLICKHOUSE_URL.takeDown()
      await folded(1)
      expect(deployment.isRunning('consume-1') && deployment.isRunning('consume-2')).toBe(true)
      await servers.CLICKHOUSE_URL.bringUp()
    })
    expectAsIfNothingHadHappened(outcome)
  })
})
