import { expect, it } from 'vitest'
import { describeWith } from '../containers/describe-with.ts'
import { SERVERS } from '../containers/servers.ts'
import { disturbedReplay, expectAsIfNothingHadHappened } from '../disturbed-replay.ts'

await describeWith(
  SERVERS,
  'a consumer that stands still until its partitions are another one’s, and then goes on',
  () => {
    it('can write nothing of what it had in hand, and takes part again', async () => {
      const outcome = await disturbedReplay(async ({ deployment, folded }) => {
        await folded(0.2)
        deployment.signal('consume-1', 'SIGSTOP')
        // Only with the partitions of the one that stands still can the other come to the end.
        await folded(1)
        deployment.signal('consume-1', 'SIGCONT')
      })
      expectAsIfNothingHadHappened(outcome)
      expect(outcome.positions.length).toBeGreaterThan(0)
    })
  },
)
