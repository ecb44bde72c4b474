// The program as its user starts it: in a process of its own, by its command line.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/bin/tributary.mjs', import.meta.url))

export interface Ended {
  /** null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  /** The user's home, and with it that of the program: nothing outside of it is touched. */
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
}

export class Program {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #command: string
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], { home, env }: ProgramOptions) {
    this.#command = `tributary ${args.join(' ')}`
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, TRIBUTARY_HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      return { code, signal, stdout: this.#stdout, stderr: this.#stderr }
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The last line on stdout so far. */
  get lastLine(): string {
    return this.#stdout.trimEnd().split('\n').at(-1)!
  }

  /** What the pattern finds on stdout, as soon as it does; rejects where the program ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const stdout = this.#child.stdout!
    for (;;) {
      const found = pattern.exec(this.#stdout)
      if (found) return found
      if (stdout.readableEnded) break
      await new Promise<void>((resolve) => {
        const goOn = () => {
          stdout.off('data', goOn).off('end', goOn)
          resolve()
        }
        stdout.on('data', goOn).on('end', goOn)
      })
    }
    throw new Error(`\`${this.#command}\` has not printed ${pattern} but:\n${this.#stdout}${this.#stderr}`)
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

export function startProgram(args: readonly string[], options: ProgramOptions): Program {
  return new Program(args, options)
}

/** Runs a command to its end. */
export function runProgram(args: readonly string[], options: ProgramOptions): Promise<Ended> {
  return startProgram(args, options).ended
}

/** The same for a command that must succeed: what it has printed. */
export async function outputOf(args: readonly string[], options: ProgramOptions): Promise<string> {
  const { code, signal, stdout, stderr } = await runProgram(args, options)
  if (code === 0) return stdout
  throw new Error(`\`tributary ${args.join(' ')}\` ended with ${code ?? signal}:\n${stdout}${stderr}`)
}
