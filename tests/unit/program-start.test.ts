import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/bin/tributary.mjs', import.meta.url))
/** Tells who started it, in the end, which flags the program has run with. */
const TELL = `data:text/javascript,process.on('exit', () => process.send?.(process.execArgv))`

it('a server does not begin anew for the sake of its flags where that would cost the channel to who started it', async () => {
  const args = ['--import', TELL, MAIN, 'serve', '--help']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const told = once(child, 'message')
  const [flags] = await Promise.race([told, once(child, 'exit').then(() => ['nothing was told'])])
  expect(flags).toEqual(['--import', TELL])
}, 60_000)
