import { Command } from 'commander'
import { TributaryError } from '../errors.ts'
import { benchCommand } from './commands/bench.ts'
import { consumeCommand } from './commands/consume.ts'
import { doctorCommand } from './commands/doctor.ts'
import { downloadCommand } from './commands/download.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { inspectCommand } from './commands/inspect.ts'
import { releasesCommand } from './commands/releases.ts'
import { replayCommand } from './commands/replay.ts'
import { serveCommand } from './commands/serve.ts'
import { skewCommand } from './commands/skew.ts'
import { startCommand } from './commands/start.ts'
import { stateCommand } from './commands/state.ts'
import { trainCommand } from './commands/train.ts'

const BAD_USAGE = 2

const program = new Command('tributary')
  .description('An event-streaming recommender: events go in, and a moment later the recommendations have changed.')
  .showHelpAfterError('(add --help for what can be given)')
  .configureHelp({ showGlobalOptions: true })

for (const command of [
  startCommand(),
  replayCommand(),
  consumeCommand(),
  serveCommand(),
  trainCommand(),
  releasesCommand(),
  evaluateCommand(),
  skewCommand(),
  inspectCommand(),
  stateCommand(),
  downloadCommand(),
  benchCommand(),
  doctorCommand(),
]) {
  program.addCommand(command)
}

program.exitOverride()
for (const command of program.commands) command.exitOverride()
for (const command of program.commands) for (const sub of command.commands) sub.exitOverride()

try {
  await program.parseAsync()
} catch (error) {
  // What the command had open may keep the process alive.
  process.exit(report(error))
}

/** Says what went wrong on stderr; answers the exit code. */
function report(error: unknown): number {
  if (error instanceof TributaryError) {
    console.error(`tributary: ${error.message}`)
    if (process.env.DEBUG) console.error(error)
    return error.code === 'BAD_USAGE' ? BAD_USAGE : 1
  }
  const { code, exitCode } = error as { code?: string; exitCode?: number }
  if (code?.startsWith('commander.')) return exitCode === 0 ? 0 : BAD_USAGE
  console.error(error)
  return 1
}
