import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openChdbEventLog } from '../../src/event-log/chdb-event-log.ts'
import { checkPositions } from '../../src/event-log/positions.ts'
import type { WriterTask } from './chdb-event-log-writer.ts'
import { eventLogSuite } from './event-log.suite.ts'
import { append, rowAt } from './event-log-rows.ts'

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'tributary-'))

eventLogSuite({
  name: 'chDB',
  open: async () => {
    const folder = temporaryFolder()
    const log = await openChdbEventLog({ path: join(folder, 'events') })
    return {
      log,
      close: async () => {
        await log.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})

function newPath(): string {
  const path = temporaryFolder()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const writer = new URL('./chdb-event-log-writer.ts', import.meta.url)
const FOR_EVER = 1e9

function writerProcess(task: WriterTask): ChildProcess {
  const child = spawn(process.execPath, [writer.pathname, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Resolves when the writer has said it this often. */
async function says(child: ChildProcess, word: string, times = 1): Promise<void> {
  let text = ''
  for await (const chunk of child.stdout!) {
    text += chunk
    if (text.split(word).length > times) return
  }
  throw new Error(`the writer ended, having said: ${text}`)
}

/** Its output goes nowhere; resolves to the exit code. */
async function writerThread(task: WriterTask): Promise<number> {
  const thread = new Worker(writer, { workerData: task, stdout: true })
  const [code] = await once(thread, 'exit')
  return code
}

describe('an event log in chDB', () => {
  it('is there again when the folder is opened anew', async () => {
    const path = newPath()
    const first = await openChdbEventLog({ path })
    await first.migrate()
    await append(first, [rowAt(0, 0), rowAt(0, 1)])
    const digest = await first.digest()
    await first.close()
    const second = await openChdbEventLog({ path })
    expect(await second.digest()).toEqual(digest)
    expect(await second.offsets('ratings')).toEqual(new Map([[0, 2]]))
    await second.close()
  })

  it('tells a second process who has the folder, and opens once that one is dead', async () => {
    const path = newPath()
    const child = writerProcess({ path, appends: FOR_EVER })
    await says(child, 'appended')
    await expect(openChdbEventLog({ path })).rejects.toMatchObject({
      code: 'BAD_USAGE',
      message: expect.stringContaining(`process ${child.pid} has it open`),
      context: { folder: path, holder: child.pid },
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await openChdbEventLog({ path })).close()
  })

  it('has every offset exactly once after a writer was killed again and again', async () => {
    const path = newPath()
    const rounds = 5
    for (let round = 0; round < rounds; round++) {
      const child = writerProcess({ path, appends: FOR_EVER })
      await says(child, 'appended', 2 + 7 * round)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const log = await openChdbEventLog({ path })
    const positions = await checkPositions(log)
    expect(positions.map(({ partition }) => partition)).toEqual([0, 1, 2])
    for (const { first, next, events, duplicates, gaps } of positions) {
      expect({ first, events, duplicates, gaps }).toEqual({ first: 0, events: next, duplicates: 0, gaps: [] })
      expect(next).toBeGreaterThan(rounds)
    }
    const digest = await log.digest()
    await log.close()

    const undisturbed = await openChdbEventLog({ path: newPath() })
    await undisturbed.migrate()
    for (const { partition, next } of positions) {
      await append(
        undisturbed,
        Array.from({ length: next }, (_, offset) => rowAt(partition, offset)),
      )
    }
    expect(await undisturbed.digest()).toEqual(digest)
    await undisturbed.close()
  })

  it('can be used by one thread after the other, but not by two at once', async () => {
    const path = newPath()
    expect(await writerThread({ path, appends: 3 })).toBe(0)
    const log = await openChdbEventLog({ path })
    const { rows } = await log.digest()
    expect(rows).toBeGreaterThan(0)
    const other = openChdbEventLog({ path: newPath() })
    await expect(other).rejects.toMatchObject({ code: 'BAD_USAGE', message: expect.stringContaining('in use') })
    await log.close()
    expect(await writerThread({ path, appends: 1 })).toBe(0)
    const again = await openChdbEventLog({ path })
    expect((await again.digest()).rows).toBeGreaterThan(rows)
    await again.close()
  })

  it('goes on appending while a long query runs', async () => {
    const log = await openChdbEventLog({ path: newPath() })
    await log.migrate()
    let answered = false
    const query = log.query('SELECT max(sipHash64(number)) AS hash FROM numbers(1e8)').then(() => {
      answered = true
    })
    await append(log, [rowAt(0, 0)])
    expect(answered).toBe(false)
    await query
    await log.close()
  })
})
