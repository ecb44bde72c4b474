// A replay through Kafka, Redis and ClickHouse with two consumers, while something goes wrong; what it comes to is to
// be what an embedded run comes to that nobody disturbs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject } from 'vitest'
import type { Digest } from '../src/bin/digest.ts'
import type { PartitionPositions } from '../src/event-log/positions.ts'
import { ownNames, type Servers } from './containers/servers.ts'
import { sharedServers } from './containers/shared-servers.ts'
import { Deployment } from './deployment.ts'

const EVENTS = 20_000
const DATA = `synthetic-11-300-400-${EVENTS}`
/** Of the stream; played within seconds. */
const SPAN_S = 730 * 86_400
const FLOW_S = 6

export interface DisturbedRun {
  readonly deployment: Deployment
  readonly servers: Servers
  /** Resolves when so many events, as a share of all, have been produced. */
  produced(share: number): Promise<void>
  /** The same for folded. */
  folded(share: number): Promise<void>
}

export interface DisturbedOutcome {
  readonly undisturbed: Digest
  readonly disturbed: Digest
  readonly positions: readonly PartitionPositions[]
}

export async function disturbedReplay(disturb: (run: DisturbedRun) => Promise<void>): Promise<DisturbedOutcome> {
  const undisturbed = await undisturbedDigest()
  const servers = await sharedServers()
  const names = await ownNames(servers)
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  try {
    await using deployment = await Deployment.open({ home, data: DATA, env: names.env })
    deployment.start('consume-1')
    deployment.start('consume-2')
    const replay = deployment.start('replay', ['--speed', `${Math.ceil(SPAN_S / FLOW_S)}x`])
    await disturb({
      deployment,
      servers,
      produced: async (share) => {
        while ((await deployment.produced()) < share * EVENTS) await sleep(10)
      },
      folded: async (share) => {
        while ((await deployment.folded()) < share * EVENTS) await sleep(10)
      },
    })
    const { code, stderr } = await replay.ended
    if (code !== 0) throw new Error(`the replay ended with ${code}: ${stderr}`)
    return { undisturbed, disturbed: await deployment.finish(), positions: await deployment.positions() }
  } finally {
    await names.drop()
    rmSync(home, { recursive: true, force: true })
  }
}

export function expectAsIfNothingHadHappened({ undisturbed, disturbed, positions }: DisturbedOutcome): void {
  expect(disturbed).toEqual(undisturbed)
  expect(disturbed['event-log']?.entries).toBe(EVENTS)
  for (const { first, next, events, gaps } of positions) {
    expect({ first, events, gaps }).toEqual({ first: 0, events: next, gaps: [] })
  }
}

/** Computed by the first file of a run that asks. */
async function undisturbedDigest(): Promise<Digest> {
  const file = join(inject('sharedFolder'), 'undisturbed.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  try {
    await using embedded = await Deployment.open({ home, data: DATA })
    const digest = await embedded.finish()
    writeFileSync(file, JSON.stringify(digest))
    return digest
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
