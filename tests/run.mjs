// `npm test`: every vitest project in one run, a loud list of what was skipped, and as the very last line the counts.
// Arguments go to vitest: `npm test -- tests/contract`, `npm test -- --project unit -t "late events"`.
// With TRIBUTARY_REQUIRE_INTEGRATION=1 a test that skips itself, because what it needs is not there, has failed.
import { parseCLI, startVitest } from 'vitest/node'

const SERVERS = 'a Docker engine that answers, or servers in KAFKA_BROKERS, REDIS_URL, CLICKHOUSE_URL'
/** What the tests of a folder need beyond Node, said where they were skipped. */
const NEEDS = {
  'tests/contract/': SERVERS,
  'tests/integration/': SERVERS,
  'tests/e2e/': 'Chromium: install it, or set CHROMIUM_PATH',
}

const required = process.env.TRIBUTARY_REQUIRE_INTEGRATION === '1'
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])

const tally = { passed: 0, failed: 0, skipped: 0 }
/** Skipped tests by file. */
const skipped = new Map()

const vitest = await startVitest(filter, {
  ...options,
  watch: false,
  allowOnly: false,
  reporters: ['default', { onTestRunEnd: count }],
})
await vitest.close()

for (const [file, tests] of skipped) {
  const folder = Object.keys(NEEDS).find((start) => file.startsWith(start))
  console.log(`SKIPPED  ${file}: ${tests} tests${folder ? `, which need ${NEEDS[folder]}` : ''}`)
}
if (skipped.size > 0) {
  console.log(
    required
      ? '\nTRIBUTARY_REQUIRE_INTEGRATION=1: what was skipped counts as failed.\n'
      : '\nNot everything was tested. With what they need at hand, `npm test` runs these as well;\n' +
          '`TRIBUTARY_REQUIRE_INTEGRATION=1 npm test` fails where it is not.\n',
  )
}
if (required) {
  tally.failed += tally.skipped
  tally.skipped = 0
}
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1)

/** What fails outside of any test (a file that cannot be loaded, a hook, a stray rejection) is a failure as well. */
function count(modules, strayErrors) {
  tally.failed += strayErrors.length
  for (const module of modules) {
    const suites = [module, ...module.children.allSuites()]
    tally.failed += suites.filter((suite) => suite.errors().length > 0).length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') tally.passed++
      else if (state === 'failed') tally.failed++
      else if (!options.testNamePattern) skip(module.relativeModuleId)
    }
  }
}

function skip(file) {
  tally.skipped++
  skipped.set(file, (skipped.get(file) ?? 0) + 1)
}
