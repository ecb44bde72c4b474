// `npm run check:imports`: holds src/ to .dependency-cruiser.mjs and to one rule about the environment, then proves
// that every rule can fail, on a small tree that breaks it. A checker that sees nothing passes everything.
import { globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise } from 'dependency-cruiser'
import config from '../.dependency-cruiser.mjs'

/** Far fewer than there are: a checker that finds less has gone blind. */
const LEAST_MODULES = 100

const ENVIRONMENT_RULE = 'environment-is-read-in-one-place'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What breaks each rule: files by path. Empty ones are there to be imported. */
const VIOLATIONS = {
  'roles-stay-apart': { 'src/serving/a.ts': "import type { B } from '../producers/b.ts'", 'src/producers/b.ts': '' },
  'foundation-stands-alone': { 'src/events/a.ts': "import '../broker/b.ts'", 'src/broker/b.ts': '' },
  'ports-below-roles': { 'src/state/a.ts': "import '../consumers/b.ts'", 'src/consumers/b.ts': '' },
  'configuration-is-handed-in': { 'src/broker/a.ts': "import '../config/b.ts'", 'src/config/b.ts': '' },
  'only-bin-picks-adapters': {
    'src/evaluation/a.ts': "await import('../state/lmdb-state-store.ts')",
    'src/state/lmdb-state-store.ts': '',
  },
  'nothing-imports-bin': { 'src/evaluation/a.ts': "import '../bin/b.ts'", 'src/bin/b.ts': '' },
  'src-stands-alone': { 'src/serving/a.ts': "import '../../tests/b.ts'", 'tests/b.ts': '' },
  'home-of-lmdb': importOf('lmdb', 'src/state/digest.ts'),
  'home-of-kafkajs': importOf('kafkajs', 'src/broker/lmdb-broker.ts'),
  'home-of-ioredis': importOf('ioredis', 'src/broker/kafka-broker.ts'),
  'home-of-@clickhouse/client': importOf('@clickhouse/client', 'src/consumers/a.ts'),
  'home-of-chdb': importOf('chdb', 'src/bin/a.ts'),
  'home-of-fastify': importOf('fastify', 'src/serving/a.ts'),
  'home-of-@fastify': importOf('@fastify/static', 'src/serving/a.ts'),
  'home-of-preact': importOf('preact', 'src/serving/http/a.ts'),
  'home-of-htm': importOf('htm', 'src/serving/http/a.ts'),
  'home-of-uplot': importOf('uplot', 'src/serving/http/a.ts'),
  'home-of-prom-client': importOf('prom-client', 'src/consumers/a.ts'),
  'home-of-ajv': importOf('ajv', 'src/broker/a.ts'),
  'home-of-commander': importOf('commander', 'src/config/a.ts'),
  'home-of-yauzl': importOf('yauzl', 'src/bin/a.ts'),
  'home-of-@tensorflow': importOf('@tensorflow/tfjs-core', 'src/serving/a.ts'),
  'home-of-hnswlib-node': importOf('hnswlib-node', 'src/serving/a.ts'),
  'home-of-json-schema-to-typescript': importOf('json-schema-to-typescript', 'src/events/codec.ts'),
  'every-package-has-a-home': importOf('left-pad', 'src/serving/a.ts'),
  'no-cycles': { 'src/serving/a.ts': "import './b.ts'", 'src/serving/b.ts': "import './a.ts'" },
  'no-orphans': { 'src/bin/tributary.mjs': "await import('./main.ts')", 'src/bin/main.ts': '', 'src/serving/a.ts': '' },
  'imports-resolve': { 'src/serving/a.ts': "import './gone.ts'" },
  [ENVIRONMENT_RULE]: { 'src/broker/a.ts': 'export const brokers = process.env.BROKERS' },
}

/** @param {string} name of a package @param {string} from the file that should not import it */
function importOf(name, from) {
  return {
    [from]: `import '${name}'`,
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, main: 'index.js' }),
    [`node_modules/${name}/index.js`]: '',
  }
}

/** @param {string} folder @returns the modules seen and, in one line each, what breaks a rule */
async function check(folder) {
  const { output } = await cruise(['src'], { ...config.options, baseDir: folder, validate: true, ruleSet: config })
  const { totalCruised, violations } = /** @type {import('dependency-cruiser').ICruiseResult} */ (output).summary
  const broken = violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    where: from === to ? to : `${from} → ${to}`,
  }))
  return { modules: totalCruised, broken: [...broken, ...environmentReaders(folder)] }
}

/** Only the configuration reads the environment; the command line may ask it for DEBUG. */
function environmentReaders(folder) {
  return globSync('src/**/*.{ts,mjs,js}', { cwd: folder })
    .filter((file) => !file.startsWith(join('src', 'config')))
    .filter((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      const allowed = file.startsWith(join('src', 'bin')) ? text.replaceAll('process.env.DEBUG', '') : text
      return READS_ENVIRONMENT.test(allowed)
    })
    .map((where) => ({ rule: ENVIRONMENT_RULE, where }))
}

const READS_ENVIRONMENT =
  /\bprocess\s*(\?\.|\.|\[['"])\s*env\b|\benv\b.*from ['"](node:)?process['"]|\benv\b.*\}\s*=\s*process\b/

/** Whether the rule is broken by the tree that should break it. */
async function canFail(rule) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'import-rules-'))
  try {
    for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...VIOLATIONS[rule] })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), `${text}\n`)
    }
    return (await check(folder)).broken.some((violation) => violation.rule === rule)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const complaints = []
const rules = [...config.forbidden.map(({ name }) => name), ENVIRONMENT_RULE]
for (const name of rules) if (!VIOLATIONS[name]) complaints.push(`${name}: nothing shows that it can fail`)
for (const name of Object.keys(VIOLATIONS)) if (!rules.includes(name)) complaints.push(`${name}: there is no such rule`)

const { modules, broken } = await check(root)
for (const { rule, where } of broken) complaints.push(`${rule}: ${where}`)
if (modules < LEAST_MODULES) complaints.push(`only ${modules} modules were seen: the checker has gone blind`)

for (const rule of rules) {
  if (VIOLATIONS[rule] && !(await canFail(rule)))
    complaints.push(`${rule}: was broken on purpose, and nothing was found`)
}

for (const complaint of complaints) console.error(complaint)
if (complaints.length > 0) process.exitCode = 1
else console.log(`${rules.length} import rules hold over ${modules} modules, and each was seen to fail where it should`)
