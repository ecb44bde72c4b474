// The program's processes over one set of stores, embedded or servers, and a look at what they have come to.
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBroker, openEventLog, openStateStore } from '../src/bin/adapters.ts'
import type { Digest } from '../src/bin/digest.ts'
import type { Broker } from '../src/broker/broker.ts'
import { type Config, loadConfig } from '../src/config/config.ts'
import { checkPositions, type PartitionPositions } from '../src/event-log/positions.ts'
import { LIVE_GROUP } from '../src/state/keys.ts'
import type { StateStore } from '../src/state/state-store.ts'
import { outputOf, type Program, startProgram } from './programs.ts'

export interface DeploymentOptions {
  readonly home: string
  /** A data set by name. */
  readonly data: string
  /** Settings of every process, such as the addresses of servers; without them all is embedded. */
  readonly env?: Readonly<Record<string, string>>
}

const PARTITIONS = 4
const LOOK_EVERY_MS = 20

export class Deployment {
  readonly config: Config
  readonly #options: DeploymentOptions
  /** To look on. */
  readonly #broker: Broker
  readonly #store: StateStore
  readonly #running = new Map<string, Program>()

  private constructor(options: DeploymentOptions, config: Config, broker: Broker, store: StateStore) {
    this.config = config
    this.#options = options
    this.#broker = broker
    this.#store = store
  }

  static async open(options: DeploymentOptions): Promise<Deployment> {
    const { home, env } = options
    mkdirSync(home, { recursive: true })
    const config = loadConfig({ home }, { ...env, TRIBUTARY_PARTITIONS: `${PARTITIONS}` })
    const broker = await openBroker(config)
    return new Deployment(options, config, broker, await openStateStore(config))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#running.values()) await program.kill('SIGKILL')
    await this.#broker.close()
    await this.#store.close()
  }

  /** @param name a command, or one and a number, `consume-2`, where there are several */
  start(name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
    const program = startProgram([...this.#args(name), ...args], this.#with(env))
    this.#running.set(name, program)
    return program
  }

  isRunning(name: string): boolean {
    return this.#running.get(name)?.running ?? false
  }

  /** A signal that does not end it. */
  signal(name: string, signal: NodeJS.Signals): void {
    process.kill(this.#running.get(name)!.pid, signal)
  }

  /** SIGKILL; answers which of them it met alive. A consumer or server that had ended by itself is an error. */
  async kill(names: readonly string[], signal: NodeJS.Signals = 'SIGKILL'): Promise<string[]> {
    const programs = names.flatMap((name) => {
      const program = this.#running.get(name)
      return program ? [{ name, met: program.running, ended: program.kill(signal) }] : []
    })
    const killed: string[] = []
    for (const { name, met, ended } of programs) {
      const { code, stdout, stderr } = await ended
      this.#running.delete(name)
      if (met) killed.push(name)
      else if (name !== 'replay' || code !== 0) throw new Error(`${name} ended with ${code}:\n${stdout}${stderr}`)
    }
    return killed
  }

  /** Replays what is left, folds it, and answers what it has all come to. */
  async finish(): Promise<Digest> {
    const replayed = JSON.parse(await outputOf(this.#args('replay'), this.#with()))
    if (replayed.end !== 'complete') throw new Error(`the replay is ${replayed.end} at ${replayed.position}`)
    return this.settle()
  }

  /** Folds what has been produced, ends the consumers, and answers what it has all come to. */
  async settle(): Promise<Digest> {
    do {
      if (![...this.#running.keys()].some((name) => name.startsWith('consume'))) this.start('consume')
      await this.#stopConsumers()
      // A consumer that has not been given its partitions yet has no lag: only the log itself knows.
    } while ((await this.#logged()) < (await this.produced()))
    return this.digest()
  }

  async #logged(): Promise<number> {
    const log = await openEventLog(this.config)
    const offsets = await log.offsets('ratings')
    await log.close()
    return [...offsets.values()].reduce((sum, next) => sum + next, 0)
  }

  async #stopConsumers(): Promise<void> {
    await this.caughtUp()
    for (const [name, program] of this.#running) {
      if (!name.startsWith('consume')) continue
      const { code, stderr } = await program.kill('SIGTERM')
      this.#running.delete(name)
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${stderr}`)
    }
  }

  /** What a command prints that must succeed. */
  output(command: string, args: readonly string[] = []): Promise<string> {
    return outputOf([...this.#args(command), ...args], this.#with())
  }

  /** What is in state and event log by now. */
  async digest(): Promise<Digest> {
    return JSON.parse(await outputOf(['state', 'digest', '--json', '--home', this.#options.home], this.#with()))
  }

  /** Resolves when all that has been produced is folded and in the event log. */
  async caughtUp(): Promise<void> {
    for (;;) {
      const consumers = [...this.#running].filter(([name]) => name.startsWith('consume'))
      const dead = consumers.find(([, { running }]) => !running)
      if (dead) throw new Error(`${dead[0]} has ended:\n${(await dead[1].ended).stderr}`)
      const { produced, folded } = await this.progress()
      const logged = consumers.every(([, { lastLine }]) => /lag 0\).*lag 0\)/.test(lastLine))
      if (folded >= produced && logged) return
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** Resolves once each of them has done something since it was started, or has ended. */
  async working(names: readonly string[]): Promise<void> {
    const before = await this.progress()
    const hasWorked = async (name: string) => {
      const { produced, folded } = await this.progress()
      const done = name === 'replay' ? produced > before.produced : folded > before.folded
      return done || !this.isRunning(name)
    }
    for (const name of names) while (!(await hasWorked(name))) await sleep(2)
  }

  /** Ratings in the log, and in the state. */
  async progress(): Promise<{ produced: number; folded: number }> {
    return { produced: await this.produced(), folded: await this.folded() }
  }

  async produced(): Promise<number> {
    const bounds = await this.#broker.bounds('ratings')
    return bounds.reduce((sum, { end }) => sum + end, 0)
  }

  async folded(): Promise<number> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
    const offsets = await Promise.all(partitions.map((partition) => this.#store.offsets(LIVE_GROUP, partition)))
    return offsets.reduce((sum, { ratings = 0 }) => sum + ratings, 0)
  }

  async positions(): Promise<PartitionPositions[]> {
    const log = await openEventLog(this.config)
    const positions = await checkPositions(log)
    await log.close()
    return positions
  }

  #args(name: string): string[] {
    const { home, data } = this.#options
    const command = name.replace(/-\d+$/, '')
    const args = [command, '--home', home]
    if (command === 'replay') return [...args, '--data', data, '--json']
    if (command === 'start') return [...args, '--data', data, '--port', '0']
    return command === 'serve' ? [...args, '--port', '0'] : args
  }

  #with(env: Readonly<Record<string, string>> = {}) {
    const { home, env: common } = this.#options
    return { home, env: { TRIBUTARY_PARTITIONS: `${PARTITIONS}`, ...common, ...env } }
  }
}

/** Tables in which two digests differ. */
export function differences(a: Digest, b: Digest): string[] {
  return Object.keys(a).filter((table) => JSON.stringify(a[table]) !== JSON.stringify(b[table]))
}
