// `tributary start`, over a small synthetic stream unless told otherwise.
import { type Ended, startProgram as start } from '../programs.ts'

/** Users u1 to u200, items i1 to i300. */
export const DATA = 'synthetic-1-200-300-10000'

const STOP_TIMEOUT_MS = 15_000

export interface RunningProgram {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly pid: number
  /** Resolves once stdout has it. */
  printed(pattern: RegExp): Promise<unknown>
  /** Answers the JSON of a path, whatever the status. */
  get<T>(path: string): Promise<T>
  /** As a container is stopped: SIGTERM, and SIGKILL where it has not ended after 15 s. */
  stop(): Promise<Ended>
}

/** Resolves once the address has been printed. Trains nothing unless told to. */
export async function startProgram(
  home: string,
  args: readonly string[] = ['--data', DATA],
  env: Readonly<Record<string, string>> = { TRIBUTARY_TRAIN_EVERY: 'never' },
): Promise<RunningProgram> {
  const program = start(['start', '--home', home, '--port', '0', ...args], { home, env })
  const [, baseUrl] = await program.printed(/^Open (http:\/\/127\.0\.0\.1:\d+)$/m)
  return {
    baseUrl: baseUrl!,
    pid: program.pid,
    printed: (pattern) => program.printed(pattern),
    get: async (path) => (await (await fetch(baseUrl + path)).json()) as never,
    stop: async () => {
      const late = setTimeout(() => program.kill('SIGKILL'), STOP_TIMEOUT_MS)
      const ended = await program.kill('SIGTERM')
      clearTimeout(late)
      return ended
    },
  }
}
