// Kills the program's processes with SIGKILL at random moments and compares what they leave with an undisturbed run:
// `node benchmarks/kill-rounds.ts --rounds 50 --seed 7`. Some five seconds a round; exit code 1 where anything differs.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crashRounds } from '../tests/crash-rounds.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string', default: '7' } },
})
const rounds = Number(values.rounds)
const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'))
const start = performance.now()
try {
  const outcome = await crashRounds({ folder, rounds, seed: Number(values.seed), onRound: console.error })
  const { events, kills, roundsWithLag, differences, positions } = outcome
  const equal = differences.length === 0
  console.log(
    JSON.stringify({
      rounds,
      kills,
      roundsWithLag,
      events,
      equal,
      differences,
      logged: positions.reduce((sum, partition) => sum + partition.events, 0),
      gaps: positions.reduce((sum, { gaps }) => sum + gaps.length, 0),
      duplicates: positions.reduce((sum, { duplicates }) => sum + duplicates, 0),
      seconds: Math.round((performance.now() - start) / 1000),
    }),
  )
  process.exitCode = equal ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
