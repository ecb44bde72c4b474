import { it } from 'vitest'
import { describeWith } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

await describeWith(SERVERS, 'a replay during which consumers come and go', () => {
  it('counts every event once, whoever has its partition', async () => {
    const outcome = await disturbedReplay(async ({ deployment, folded }) => {
      await folded(0.1)
      deployment.start('consume-3')
      deployment.start('consume-4')
      await folded(0.4)
      await deployment.kill(['consume-1', 'consume-3'], 'SIGTERM')
      await folded(0.6)
      deployment.start('consume-5')
      await folded(0.8)
      await deployment.kill(['consume-2'], 'SIGTERM')
    })
    expectAsIfNothingHadHappened(outcome)
  })
})
