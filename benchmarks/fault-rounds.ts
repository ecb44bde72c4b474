// Consumers killed, added and stopped, Kafka and Redis killed, ClickHouse taken down, all at random moments of a replay:
// `node benchmarks/fault-rounds.ts --rounds 50 --seed 7`. Some five seconds a round; exit code 1 where the outcome
// differs from that of an undisturbed embedded run.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startServers, stopServers } from '../tests/containers/servers.ts'
import { faultRounds } from '../tests/fault-rounds.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '7' } },
})
const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'))
const servers = await startServers()
const start = performance.now()
try {
  const { positions, disturbed, ...outcome } = await faultRounds({
    folder,
    rounds: Number(values.rounds),
    seed: Number(values.seed),
    servers,
    onRound: console.error,
  })
  const equal = outcome.differences.length === 0
  console.log(
    JSON.stringify({
      ...outcome,
      equal,
      logged: disturbed['event-log']?.entries,
      gaps: positions.reduce((sum, { gaps }) => sum + gaps.length, 0),
      duplicates: positions.reduce((sum, { duplicates }) => sum + duplicates, 0),
      seconds: Math.round((performance.now() - start) / 1000),
    }),
  )
  process.exitCode = equal ? 0 : 1
} finally {
  await stopServers(servers)
  rmSync(folder, { recursive: true, force: true })
}
