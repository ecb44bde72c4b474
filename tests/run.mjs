// `npm test`: every vitest project in one run, a loud list of what was skipped, and as the very last line the counts.
// Arguments go to vitest: `npm test -- tests/contract`, `npm test -- --project unit -t "late events"`.
// With TRIBUTARY_REQUIRE_INTEGRATION=1 a suite that skips itself, because what it needs is not there, has failed.
import { parseCLI, startVitest } from 'vitest/node'

const SERVERS = 'a Docker engine that answers, or servers in KAFKA_BROKERS, REDIS_URL, CLICKHOUSE_URL'
const LIBRARY =
  'hnswlib-node, an optional package that `npm ci` compiles where it finds a C++ compiler and the headers of Node'
/** What the tests of a file or folder need beyond Node, said where they were skipped. */
const NEEDS = {
  'tests/contract/hnswlib-': LIBRARY,
  'tests/unit/index-recall': LIBRARY,
  'tests/contract/': SERVERS,
  'tests/integration/': SERVERS,
  'tests/e2e/': 'Chromium: install it, or set CHROMIUM_PATH',
}

const required = process.env.TRIBUTARY_REQUIRE_INTEGRATION === '1'
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])

const tally = { passed: 0, failed: 0, skipped: 0 }
/** Tests by file, of suites that skipped themselves. */
const missed = new Map()

const vitest = await startVitest(filter, {
  ...options,
  watch: false,
  allowOnly: false,
  reporters: ['default', { onTestRunEnd: count }],
})
await vitest.close()

for (const [file, tests] of missed) {
  const folder = Object.keys(NEEDS).find((start) => file.startsWith(start))
  console.log(`SKIPPED  ${file}: ${tests} tests${folder ? `, which need ${NEEDS[folder]}` : ''}`)
  if (!required) continue
  tally.skipped -= tests
  tally.failed += tests
}
if (missed.size > 0) {
  console.log(
    required
      ? '\nTRIBUTARY_REQUIRE_INTEGRATION=1: these count as failed.\n'
      : '\nNot everything was tested. With what they need at hand, `npm test` runs these as well;\n' +
          '`TRIBUTARY_REQUIRE_INTEGRATION=1 npm test` fails where it is not.\n',
  )
}
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1)

/** What fails outside of any test (a file that cannot be loaded, a hook, a stray rejection) is a failure as well. */
function count(modules, strayErrors) {
  tally.failed += strayErrors.length
  for (const module of modules) {
    const suites = [module, ...module.children.allSuites()]
    tally.failed += suites.filter((suite) => suite.errors().length > 0).length
    for (const suite of module.children) countSuite(module.relativeModuleId, suite)
  }
}

/** A test at the top of a file is a suite of one. */
function countSuite(file, suite) {
  const tests = suite.type === 'test' ? [suite] : [...suite.children.allTests()]
  const states = tests.map((test) => test.result().state)
  const counts = (state) => states.filter((one) => one === state).length
  tally.passed += counts('passed')
  tally.failed += counts('failed')
  if (options.testNamePattern) return
  tally.skipped += counts('skipped')
  // A test skipped among others does not apply to what is tested; a suite that is skipped whole misses what it needs.
  if (counts('skipped') === tests.length) missed.set(file, (missed.get(file) ?? 0) + tests.length)
}
