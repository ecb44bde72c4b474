import type { Broker } from '../broker/broker.ts'
import { decode, encode } from '../events/codec.ts'
import { partitionFor } from '../events/topics.ts'
import type { Release } from '../events/types.ts'

/** The key of all announcements: the topic is compacted, and what it keeps is which release is in service. */
export const RELEASE_NAME = 'recommender'

const READ_AT_A_TIME = 500

/** Puts a release in service: every server that follows the topic loads it. */
export async function announce(
  broker: Pick<Broker, 'produce'>,
  { version, watermark }: { readonly version: string; readonly watermark: number },
): Promise<void> {
  const event: Release = { name: RELEASE_NAME, version, at: Date.now(), watermark }
  await broker.produce('releases', [{ key: RELEASE_NAME, value: encode('releases', event) }])
}

/** The release announced last, or undefined before the first. */
export async function announced(broker: Pick<Broker, 'bounds' | 'read' | 'partitions'>): Promise<Release | undefined> {
  const partition = partitionFor(RELEASE_NAME, broker.partitions)
  const { begin, end } = (await broker.bounds('releases'))[partition]!
  let latest: Release | undefined
  for (let from = begin; from < end; ) {
    const records = await broker.read('releases', partition, from, READ_AT_A_TIME)
    for (const { value } of records) latest = releaseIn(value) ?? latest
    if (records.length === 0) break
    from = records.at(-1)!.offset + 1
  }
  return latest
}

/** Undefined for what is not an announcement of ours. */
export function releaseIn(value: Uint8Array): Release | undefined {
  const decoded = decode('releases', value)
  return decoded.ok && decoded.event.name === RELEASE_NAME ? decoded.event : undefined
}
