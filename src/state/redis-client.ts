import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis, ReplyError } from 'ioredis'
import { TributaryError } from '../errors.ts'

export interface RedisConnection {
  /** One server: `redis://host:port`, or `rediss://` for TLS; user, password and database may be in it. */
  readonly url?: string
  /** Some nodes of a Redis Cluster, each as `url`; the others are found through them. */
  readonly nodes?: readonly string[]
  readonly tls?: ConnectionOptions
  readonly username?: string
  readonly password?: string
  /** A command that has no answer by then is given up. Default 5,000. */
  readonly commandTimeoutMs?: number
}

const DEFAULT_COMMAND_TIMEOUT_MS = 5_000
const MAX_RECONNECT_MS = 1_000

/** A connection to one server or to a cluster, whose faults are TributaryErrors. */
export class RedisClient<Scripts> {
  readonly commands: (Redis | Cluster) & Scripts
  /** Where it is, without secrets. */
  readonly #where: string
  readonly #commandTimeoutMs: number
  /** What the connection broke with: the commands' own errors only say that it is closed. */
  #connectionError: Error | undefined

  private constructor(connection: RedisConnection, scripts: Record<keyof Scripts, { lua: string }>) {
    const { url, nodes = [], commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS } = connection
    const addresses = url === undefined ? nodes : [url]
    if (addresses.length === 0 || addresses.some((address) => !URL.canParse(address))) {
      throw new TributaryError('BAD_USAGE', 'an address of Redis is needed, such as redis://127.0.0.1:6379')
    }
    this.#where = addresses.map((address) => new URL(address).host).join(', ')
    this.#commandTimeoutMs = commandTimeoutMs
    const common = { lazyConnect: true, scripts }
    const options = {
      ...credentials(new URL(addresses[0]!), connection),
      maxRetriesPerRequest: 1,
      connectTimeout: commandTimeoutMs,
      // A server that has vanished without a word is connected to anew.
      socketTimeout: commandTimeoutMs,
    }
    const client =
      url === undefined
        ? new Cluster([...addresses], { ...common, redisOptions: options, clusterRetryStrategy: reconnectMs })
        : new Redis(url, { ...common, ...options, retryStrategy: reconnectMs })
    // Each command that suffers from it rejects; without a listener it would be printed as well.
    client.on('error', (error: Error) => {
      this.#connectionError = error
    })
    client.on('ready', () => {
      this.#connectionError = undefined
    })
    this.commands = client as typeof this.commands
  }

  /** @throws TributaryError UNAVAILABLE when there is no server, BAD_USAGE when it does not let us in */
  static async connect<Scripts>(connection: RedisConnection, scripts: Record<keyof Scripts, { lua: string }>) {
    const client = new RedisClient<Scripts>(connection, scripts)
    try {
      await client.run('connect', () => client.commands.connect())
    } catch (error) {
      client.commands.disconnect()
      throw error
    }
    return client
  }

  /** Where SCAN has to go: a cluster keeps its keys on several servers. */
  get servers(): readonly Redis[] {
    return this.commands instanceof Cluster ? this.commands.nodes('master') : [this.commands as Redis]
  }

  /**
   * @param what the command is for, to follow "cannot"
   * @throws TributaryError; after UNAVAILABLE the command may have been carried out, or may yet be
   */
  async run<T>(what: string, command: () => Promise<T>): Promise<T> {
    const { promise: timedOut, reject } = Promise.withResolvers<never>()
    const timeoutMs = this.#commandTimeoutMs
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      return await Promise.race([command(), timedOut])
    } catch (error) {
      throw this.#asTributaryError(what, error as Error)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.commands.disconnect()
  }

  #asTributaryError(what: string, error: Error): TributaryError {
    const cause = error instanceof ReplyError ? error : (this.#connectionError ?? error)
    const code = codeOf(cause)
    const message = `cannot ${what}, Redis at ${this.#where}: ${cause.message.replace(/\.*$/, '.')} ${ADVICE[code]}`
    return new TributaryError(code, message, { redis: this.#where }, cause)
  }
}

const ADVICE = {
  UNAVAILABLE: 'Is it running, reachable, and does it have memory left?',
  BAD_USAGE: 'Check user, password and what the user may do (ACL).',
  INTERNAL: 'This is a bug, or something else writes to our keys.',
} as const

/** Refusals by a server that will take the command later, and by one that does not know us. */
const LATER = /^(LOADING|BUSY|MASTERDOWN|READONLY|MISCONF|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|OOM|UNBLOCKED)\b/
const REFUSED = /^(NOAUTH|WRONGPASS|NOPERM)\b/

function codeOf(error: Error): keyof typeof ADVICE {
  if (REFUSED.test(error.message)) return 'BAD_USAGE'
  return error instanceof ReplyError && !LATER.test(error.message) ? 'INTERNAL' : 'UNAVAILABLE'
}

function reconnectMs(attempt: number): number {
  return Math.min(MAX_RECONNECT_MS, 25 * 2 ** attempt) * (0.5 + 0.5 * Math.random())
}

/** In a cluster they have to be told apart from the address, since most nodes are only discovered. */
function credentials(url: URL, { username, password, tls }: RedisConnection) {
  const user = username ?? decodeURIComponent(url.username)
  const secret = password ?? decodeURIComponent(url.password)
  const secure = tls ?? (url.protocol === 'rediss:' ? {} : undefined)
  return { ...(user && { username: user }), ...(secret && { password: secret }), ...(secure && { tls: secure }) }
}
