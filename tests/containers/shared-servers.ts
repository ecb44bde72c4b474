// Servers that all files of a run share: kept by the process that runs vitest (its global set-up), started by the first
// file that asks for one. A file asks over HTTP, because it runs in a process of its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { given, type TestServer, type Variable } from './server.ts'
import { type Servers, START, startServers } from './servers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    serversUrl: string
    /** A folder for what one file of a run computes and the others want as well. */
    sharedFolder: string
  }
}

const ACTIONS = ['restart', 'takeDown', 'bringUp'] as const

/** Of the process that runs vitest. */
export default async function keepServers({ provide }: TestProject): Promise<() => Promise<void>> {
  const servers = new Map<Variable, Promise<TestServer>>()
  const http = createServer(async ({ url }, response) => {
    const [, variable, action] = url!.split('/') as [string, Variable, (typeof ACTIONS)[number] | 'address']
    try {
      const server = servers.get(variable) ?? START[variable]()
      servers.set(variable, server)
      if (action !== 'address') await (await server)[action]()
      response.end((await server).address)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'tributary-'))
  provide('sharedFolder', folder)
  provide('serversUrl', `http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  return async () => {
    http.close()
    rmSync(folder, { recursive: true, force: true })
    await Promise.all([...servers.values()].map(async (server) => (await server.catch(() => undefined))?.stop()))
  }
}

/** Of a test file. Not to be stopped: the next file wants them, too. */
export function sharedServers(): Promise<Servers> {
  return startServers((variable) => given(variable, () => shared(variable)))
}

async function shared(variable: Variable): Promise<TestServer> {
  const ask = async (action: (typeof ACTIONS)[number] | 'address') => {
    const answer = await fetch(`${inject('serversUrl')}/${variable}/${action}`)
    if (!answer.ok) throw new Error(`${variable} cannot ${action}: ${await answer.text()}`)
    return answer.text()
  }
  const [restart, takeDown, bringUp] = ACTIONS.map((action) => async () => void (await ask(action))) as [
    () => Promise<void>,
    () => Promise<void>,
    () => Promise<void>,
  ]
  const cpuSeconds = async () => undefined
  return { address: await ask('address'), restarts: true, restart, takeDown, bringUp, cpuSeconds, stop: async () => {} }
}
