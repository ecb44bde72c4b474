import { homedir } from 'node:os'
import { join } from 'node:path'
import { TributaryError } from '../errors.ts'

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
  partitions: setting('TRIBUTARY_PARTITIONS', 4, integer(1, 1024), 'partitions of every topic and of the state'),
  movielensDir: setting('MOVIELENS_DIR', undefined, optional, 'folder with MovieLens as GroupLens ships it'),
  maxBatchRecords: setting('TRIBUTARY_MAX_BATCH', 1000, integer(1, 100_000), 'records a consumer takes at a time'),
  commitEvents: setting(
    'TRIBUTARY_COMMIT_EVENTS',
    8000,
    integer(1, 1_000_000),
    'events folded between commits at most',
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
  for (const [name, { env: variable, default: fallback, parse }] of Object.entries(SETTINGS)) {
    const [given, where] = flags[name] === undefined ? [env[variable], variable] : [flags[name], `--${dashed(name)}`]
    try {
      config[name] = given === undefined ? fallback : parse(given)
    } catch (problem) {
      problems.push(`${where}=${given}: ${problem}`)
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

void secret
