// Runs every protocol on ML-100K and ML-1M, one after the other, and writes docs/quality and docs/quality.md; with names
// of reports, such as leave-one-out-ml-1m, these alone.
import { spawnSync } from 'node:child_process'

const withModels = (budget) => ['--models', 'sequence,two-tower,item-cf', '--budget', budget]
const COMPARED = ['--systems', 'popularity,co-visitation,blend,ranker']

/** Protocol, data, one case asked in so many, what the report is called beside, and further options. */
const RUNS = [
  ['leave-one-out', 'ml-1m', 1],
  ['prequential', 'ml-1m', 50],
  ['leave-one-out', 'ml-100k', 1],
  ['prequential', 'ml-100k', 10],
  ['temporal', 'ml-1m', 40],
  ['temporal', 'ml-100k', 5],
  ['candidates', 'ml-1m', 20],
  ['candidates', 'ml-100k', 1],
  ['sampled', 'ml-1m', 1],
  ['sampled', 'ml-100k', 1],
  ['leave-one-out', 'ml-1m', 1, 'trained', [...COMPARED, ...withModels('600')]],
  ['temporal', 'ml-1m', 20, 'trained', [...COMPARED, ...withModels('400')]],
  ['prequential', 'ml-1m', 50, 'refreshed', [...COMPARED, ...withModels('400')]],
  ['sampled', 'ml-1m', 1, 'trained', [...COMPARED, ...withModels('600')]],
  ['candidates', 'ml-1m', 20, 'trained', [...COMPARED, ...withModels('400')]],
  ['prequential', 'ml-1m', 20, 'trained', ['--last', '0.1', '--refresh', 'never', ...COMPARED, ...withModels('400')]],
]

const wanted = process.argv.slice(2)

function tributary(...args) {
  const { status } = spawnSync('node', ['src/bin/tributary.mjs', 'evaluate', ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

for (const [protocol, data, every, beside, options = []] of RUNS) {
  const name = [protocol, data, ...(beside ? [beside] : [])].join('-')
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const json = `docs/quality/${name}.json`
  tributary('--protocol', protocol, '--data', data, '--every', String(every), '--json', json, ...options)
}
tributary('--docs', 'docs/quality')
