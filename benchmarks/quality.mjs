// Runs every protocol on ML-100K and ML-1M, one after the other, and writes docs/quality and docs/quality.md.
import { spawnSync } from 'node:child_process'

const RUNS = [
  ['leave-one-out', 'ml-100k', 1],
  ['sampled', 'ml-100k', 1],
  ['candidates', 'ml-100k', 1],
  ['temporal', 'ml-100k', 1],
  ['prequential', 'ml-100k', 1],
  ['leave-one-out', 'ml-1m', 1],
  ['sampled', 'ml-1m', 1],
  ['candidates', 'ml-1m', 10],
  ['temporal', 'ml-1m', 20],
  ['prequential', 'ml-1m', 20],
]

function tributary(...args) {
  const { status } = spawnSync('node', ['src/bin/tributary.mjs', 'evaluate', ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

for (const [protocol, data, every] of RUNS) {
  const json = `docs/quality/${protocol}-${data}.json`
  tributary('--protocol', protocol, '--data', data, '--every', String(every), '--json', json)
}
tributary('--docs', 'docs/quality')
