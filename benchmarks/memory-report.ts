// For a process that is measured, beside its program: `node --expose-gc --import memory-report.ts PROGRAM`, started with
// an IPC channel. Says what it holds when it is asked.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export const MEMORY_REPORT = ['--expose-gc', '--import', import.meta.url]

/** What the objects of a process and the buffers behind them take when all garbage is gone, MiB. */
export async function liveMiB(child: ChildProcess): Promise<number> {
  child.send('memory')
  const [bytes] = await once(child, 'message')
  return Math.round(bytes / 2 ** 20)
}

if (process.send && globalThis.gc) {
  process.on('message', (message) => {
    if (message !== 'memory') return
    // What a finalizer lets go of goes with the next.
    for (let n = 0; n < 2; n++) globalThis.gc!()
    const { heapUsed, external } = process.memoryUsage()
    process.send!(heapUsed + external)
  })
  process.channel!.unref()
}
