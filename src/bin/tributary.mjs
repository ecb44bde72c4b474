#!/usr/bin/env node
// Plain JavaScript, for whatever Node is on the machine: the program itself runs on the Node that comes with it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SERVING_FLAGS } from './serving-flags.mjs'

const bundled = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))
const flags = ['start', 'serve'].includes(process.argv[2]) ? SERVING_FLAGS : []
const isFlagged = flags.every((flag) => process.execArgv.includes(flag))
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  process.removeAllListeners('warning')
  // The same process, begun anew: V8 takes such a flag at its start only. A channel to who started it would not survive that.
  if (!isFlagged && process.execve && !process.channel && process.platform !== 'win32') {
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...flags, ...process.argv.slice(1)])
  }
  await import('./main.ts')
} else if (existsSync(bundled)) {
  const child = spawn(bundled, [...flags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
} else {
  console.error(`tributary needs Node 22.18 or newer; this is ${process.version}. Run \`npm ci\`: it brings one along.`)
  process.exit(1)
}
