import { expect, it } from 'vitest'
import { describeWithEngine } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

await describeWithEngine('a replay during which Redis is killed and started again', SERVERS, () => {
  it('goes on by itself and comes to the state of a run that nobody disturbed', async () => {
    const outcome = await disturbedReplay(async ({ deployment, servers, folded, produced }) => {
      await folded(0.2)
      await servers.REDIS_URL.restart()
      expect(deployment.isRunning('consume-1') && deployment.isRunning('consume-2')).toBe(true)
      await folded(0.5)
      await servers.REDIS_URL.takeDown()
      await produced(0.8)
      await servers.REDIS_URL.bringUp()
    })
    expectAsIfNothingHadHappened(outcome)
  })
})
