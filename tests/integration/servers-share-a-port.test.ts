import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Program, startProgram } from '../programs.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'tributary-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

async function startServers(): Promise<{ program: Program; url: string; servers: number[] }> {
  const program = startProgram(['serve', '--home', home, '--port', '0', '--processes', '2'], { home })
  const [url] = await program.printed(/http:\S+/)
  const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8')
  return { program, url: url!, servers: children.trim().split(' ').map(Number) }
}

/** By a connection of its own, since a connection stays with its process. */
function get(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      answer.on('end', () => resolve({ status: answer.statusCode!, body }))
    })
    asked.on('error', reject).end()
  })
}

const startedAt = ({ body }: { body: string }) => /^process_start_time_seconds (\S+)$/m.exec(body)?.[1]
const memory = ({ body }: { body: string }) => /^process_resident_memory_bytes (\S+)$/m.exec(body)?.[1]

describe.skipIf(process.platform !== 'linux')('several server processes', () => {
  test('share one port, each answering some of the connections, and end together with the signal', async () => {
    const { program, url, servers } = await startServers()
    expect(servers.length).toBe(2)
    const answers = await Promise.all(Array.from({ length: 8 }, () => get(`${url}/metrics`)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200))
    expect(new Set(answers.map((answer) => `${startedAt(answer)} ${memory(answer)}`)).size).toBeGreaterThan(1)
    const { code, stdout } = await program.kill('SIGTERM')
    expect(code).toBe(0)
    expect(stdout.trim()).toBe(url)
    await expect(get(url)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('end together, saying so, where one of them dies', async () => {
    const { program, url, servers } = await startServers()
    process.kill(servers[1]!, 'SIGKILL')
    const { code, stderr } = await program.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/server process 2 of 2 ended by itself \(by SIGKILL\)/)
    await expect(get(url)).rejects.toThrow(/ECONNREFUSED/)
  })
})
