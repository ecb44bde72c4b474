// The import rules of docs/architecture.md, executed: `npm run check:imports` holds src/ to them and proves that each
// can fail.

/** They meet in topics, state and releases only. */
const ROLES = 'producers|consumers|training|serving'
/** Files that belong to one vendor, whose choice is a deployment. */
const ADAPTERS = '^src/[^/]+/(lmdb|kafka|redis|chdb|clickhouse)-'
/** What is started rather than imported: the command line, threads, the page, tools. */
const ENTRY_POINTS = [
  '^src/bin/(tributary|replay)\\.mjs$',
  '^src/bin/(role-thread|evaluation-threads|trainer-process)\\.ts$',
  '^src/serving/page/(page|theme|first-slate)\\.js$',
  '^src/events/generate\\.ts$',
]
/** Done and tested ahead of who will use them. To be emptied. */
const AHEAD_OF_USE = '^src/event-log/(training-reads|positions)\\.ts$'
/** What says the types of a module beside it that has none: nothing imports it by name. */
const TYPES_ALONE = '\\.d\\.mts$'

/** Every package that src/ may import, and the only place that may. */
const HOMES = {
  lmdb: '^src/(broker|state)/lmdb-|^src/lmdb/',
  kafkajs: '^src/broker/kafka-',
  ioredis: '^src/state/redis-',
  '@clickhouse/client': '^src/event-log/',
  chdb: '^src/event-log/',
  fastify: '^src/serving/http/',
  '@fastify/[^/]+': '^src/serving/http/',
  preact: '^src/serving/page/',
  htm: '^src/serving/page/',
  uplot: '^src/serving/page/',
  'prom-client': '^src/serving/http/|^src/bin/consumer-metrics',
  ajv: '^src/events/|^src/serving/http/',
  commander: '^src/bin/',
  yauzl: '^src/producers/',
  '@tensorflow/[^/]+': '^src/training/',
  'hnswlib-node': '^src/vector-index/',
  'json-schema-to-typescript': '^src/events/generate\\.ts$',
}

/** @param {string} name of a package, in a regular expression; the second is of one that is not installed */
const ofPackage = (name) => [`^node_modules/(@types/)?${name}/`, `^${name}(/|$)`]

const vendorRules = Object.entries(HOMES).map(([name, home]) => ({
  name: `home-of-${name.replace('/[^/]+', '')}`,
  comment: `only ${home} imports ${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: home },
  to: { path: ofPackage(name) },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'roles-stay-apart',
      comment: 'producers, consumers, training and serving meet in topics, state and releases, never in code',
      severity: 'error',
      from: { path: `^src/(${ROLES})/` },
      to: { path: `^src/(${ROLES})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'foundation-stands-alone',
      comment: 'events, errors, select and random are what everything else is built on',
      severity: 'error',
      from: { path: '^src/(events/|errors\\.ts$|select\\.ts$|random\\.ts$)' },
      to: { path: '^src/', pathNot: '^src/(events/|errors\\.ts$|select\\.ts$|random\\.ts$)' },
    },
    {
      name: 'ports-below-roles',
      comment: 'what the roles share does not know who uses it',
      severity: 'error',
      from: {
        path: '^src/(broker|state|event-log|catalogue|projections|retrieval|ranking|models|kernels|releases|vector-index)/',
      },
      to: { path: `^src/(${ROLES}|evaluation|bin)/` },
    },
    {
      name: 'configuration-is-handed-in',
      comment: 'only the composition roots read the configuration; everything else gets arguments',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(bin|config)/' },
      to: { path: '^src/config/' },
    },
    {
      name: 'only-bin-picks-adapters',
      comment: 'which vendor stands behind a port is decided in src/bin alone',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/bin/' },
      to: { path: ADAPTERS, pathNot: '^src/$1/' },
    },
    {
      name: 'nothing-imports-bin',
      comment: 'composition roots are at the top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/bin/' },
      to: { path: '^src/bin/' },
    },
    {
      name: 'src-stands-alone',
      comment: 'the program imports neither its tests nor, but for the command that runs them, its benchmarks',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/bin/commands/bench\\.ts$' },
      to: { path: '^(tests|benchmarks)/' },
    },
    ...vendorRules,
    {
      name: 'every-package-has-a-home',
      comment: 'a new package is given its one place in .dependency-cruiser.mjs first',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^node_modules/', pathNot: Object.keys(HOMES).flatMap(ofPackage) },
    },
    {
      name: 'no-cycles',
      comment: 'a cycle is one module in two files',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'what no entry point leads to is dead, or its entry point is missing in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: ENTRY_POINTS },
      to: { path: '^src/', pathNot: [...ENTRY_POINTS, AHEAD_OF_USE, TYPES_ALONE], reachable: false },
    },
    {
      name: 'imports-resolve',
      comment: 'what cannot be found is not checked either',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Types count: they couple as much as code does.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
