import { homedir } from 'node:os'
import { join } from 'node:path'
import { TributaryError } from '../errors.ts'

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
export type SaslMechanism = (typeof SASL_MECHANISMS)[number]

interface Setting<T> {
  readonly about: string
  readonly env: string
  readonly default: T
  /** Answers the value, or throws a sentence about what is wrong with `text`. */
  readonly parse: (text: string) => T
  readonly secret?: true
}

const text = (text: string): string => text
const integer = (min: number, max: number) => (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) throw `a whole number from ${min} to ${max} is needed`
  return value
}
const optionalPort = (text: string): number | undefined => (text === '' ? undefined : integer(0, 65535)(text))
const optionalDays = (text: string): number | undefined => (text === '' ? undefined : integer(1, 100_000)(text))
const share = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw 'a number from 0 to 1 is needed'
  return value
}
const list = (text: string): readonly string[] => text.split(',').flatMap((part) => part.trim() || [])
const yesOrNo = (text: string): boolean => {
  if (['1', 'true', 'yes'].includes(text)) return true
  if (['', '0', 'false', 'no'].includes(text)) return false
  throw 'true or false is needed'
}
const mechanism = (text: string): SaslMechanism => {
  const known = SASL_MECHANISMS.find((name) => name === text)
  if (!known) throw `one of ${SASL_MECHANISMS.join(', ')} is needed`
  return known
}
const url = (text: string): string | undefined => {
  if (text !== '' && !URL.canParse(text)) throw 'a URL is needed'
  return text || undefined
}
const plainName = (text: string): string => {
  if (!/^[A-Za-z0-9_-]{0,100}$/.test(text)) throw 'letters, digits, - and _ are allowed'
  return text
}
const positionBias = (text: string): number | 'estimate' => {
  const value = Number(text)
  if (text === 'estimate') return text
  if (text === '' || !(value >= 0 && value <= 2)) throw 'a number from 0 to 2 is needed, or estimate'
  return value
}
const optional = (text: string): string | undefined => text || undefined

const setting = <T>(env: string, fallback: T, parse: (text: string) => T, about: string): Setting<T> => ({
  about,
  env,
  default: fallback,
  parse,
})
const secret = <T>(setting: Setting<T>): Setting<T> => ({ ...setting, secret: true })

/** Every setting of the program: flags (where a command has one) go over the environment, that over the default. */
export const SETTINGS = {
  home: setting('TRIBUTARY_HOME', join(homedir(), '.tributary'), text, 'folder of the embedded state, log and data'),
  host: setting('TRIBUTARY_HOST', '127.0.0.1', text, 'address to listen on'),
  port: setting('TRIBUTARY_PORT', 8080, integer(0, 65535), 'port to listen on; 0 chooses a free one'),
  metricsPort: setting('TRIBUTARY_METRICS_PORT', undefined, optionalPort, 'where `consume` shows /metrics'),
  partitions: setting('TRIBUTARY_PARTITIONS', 4, integer(1, 1024), 'partitions of every topic and of the state'),
  movielensDir: setting('MOVIELENS_DIR', undefined, optional, 'folder with MovieLens as GroupLens ships it'),
  maxBatchRecords: setting('TRIBUTARY_MAX_BATCH', 1000, integer(1, 100_000), 'records a consumer takes at a time'),
  commitEvents: setting(
    'TRIBUTARY_COMMIT_EVENTS',
    8000,
    integer(1, 1_000_000),
    'events folded between commits at most',
  ),
  namespace: setting('TRIBUTARY_NAMESPACE', '', plainName, 'what topics, groups and keys on shared servers begin with'),
  releasesDir: setting(
    'TRIBUTARY_RELEASES',
    undefined,
    optional,
    'folder of model releases; may be shared by machines',
  ),
  releasesKept: setting('TRIBUTARY_RELEASES_KEPT', 5, integer(1, 1000), 'newest model releases that are kept'),
  trainEvery: setting('TRIBUTARY_TRAIN_EVERY', '10m', text, 'how often `start` trains a release, or never'),
  trainBudgetSeconds: setting(
    'TRIBUTARY_TRAIN_BUDGET',
    240,
    integer(1, 86_400),
    'seconds that training a model may take',
  ),
  positionBias: setting(
    'TRIBUTARY_POSITION_BIAS',
    0,
    positionBias,
    'how fast attention falls with the place in a slate, where a ranker learns from feedback; or estimate',
  ),
  kafkaBrokers: setting('KAFKA_BROKERS', [], list, 'host:port,… of Kafka; without it the broker is the embedded one'),
  kafkaSsl: setting('KAFKA_SSL', false, yesOrNo, 'speak TLS to Kafka'),
  kafkaUsername: setting('KAFKA_USERNAME', undefined, optional, 'SASL user'),
  kafkaPassword: secret(setting('KAFKA_PASSWORD', undefined, optional, 'SASL password')),
  kafkaSaslMechanism: setting(
    'KAFKA_SASL_MECHANISM',
    'scram-sha-512',
    mechanism,
    'plain, scram-sha-256 or scram-sha-512',
  ),
  kafkaReplication: setting('KAFKA_REPLICATION', 1, integer(1, 100), 'replicas of the topics that are created'),
  redisUrl: secret(setting('REDIS_URL', undefined, url, 'redis://… or rediss://…; without it the state is embedded')),
  redisCluster: setting('REDIS_CLUSTER', false, yesOrNo, 'the Redis URL names a node of a cluster'),
  clickhouseUrl: secret(setting('CLICKHOUSE_URL', undefined, url, 'http(s)://…; without it the event log is embedded')),
  clickhouseUser: setting('CLICKHOUSE_USER', 'default', text, 'ClickHouse user'),
  clickhousePassword: secret(setting('CLICKHOUSE_PASSWORD', '', text, 'ClickHouse password')),
  clickhouseDatabase: setting('CLICKHOUSE_DATABASE', 'tributary', text, 'ClickHouse database'),
  clickhouseRetentionDays: setting(
    'CLICKHOUSE_RETENTION_DAYS',
    undefined,
    optionalDays,
    'rows are dropped so many days after they were written',
  ),
  featureShare: setting(
    'TRIBUTARY_FEATURE_SHARE',
    0.05,
    share,
    'share of slates whose impressions carry what the ranker saw, for `skew`: 0 to 1',
  ),
  maxInFlight: setting('TRIBUTARY_MAX_IN_FLIGHT', 256, integer(1, 100_000), 'requests served at the same time at most'),
} as const satisfies Record<string, Setting<unknown>>

export type Config = { readonly [Name in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[Name]['parse']> }

/**
 * @param flags by setting name, as given on the command line
 * @throws TributaryError BAD_USAGE that names every problem, not only the first
 */
export function loadConfig(
  flags: Readonly<Record<string, string | undefined>> = {},
  env: NodeJS.ProcessEnv = process.env,
): Config {
  const problems: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(SETTINGS)) {
    const { env: variable, default: fallback, parse } = setting
    const [given, where] = flags[name] === undefined ? [env[variable], variable] : [flags[name], `--${dashed(name)}`]
    try {
      config[name] = given === undefined ? fallback : parse(given)
    } catch (problem) {
      problems.push(`${where}=${'secret' in setting ? '***' : given}: ${problem}`)
    }
  }
  if (problems.length > 0) throw new TributaryError('BAD_USAGE', `bad configuration:\n  ${problems.join('\n  ')}`)
  return config as Config
}

/** One line per setting, secrets hidden, for the start of a log. */
export function describeConfig(config: Config): string {
  return Object.entries(SETTINGS)
    .map(([name, setting]) => {
      const value = config[name as keyof Config]
      const hidden = 'secret' in setting && value !== undefined
      return `${dashed(name)}=${hidden ? '***' : (value ?? '')}`
    })
    .join(' ')
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
