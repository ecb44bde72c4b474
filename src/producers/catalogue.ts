import type { Broker, Message } from '../broker/broker.ts'
import { recordsOf } from '../broker/records-of.ts'
import { decode, encode } from '../events/codec.ts'
import type { Dataset } from './datasets/dataset.ts'

export interface CatalogueOptions {
  /**
   * `changed` also sends what is in the log with other content; `missing` leaves that alone, so that what people have
   * put since (an item taken out) stays as they left it. A forgotten user stays forgotten either way.
   */
  readonly send: 'changed' | 'missing'
  readonly signal?: AbortSignal
}

export interface CatalogueOutcome {
  /** Sent, not all there are. */
  readonly items: number
  readonly users: number
}

const BATCH = 1000

/** Produces the data set's items and users to their compacted topics, as far as they are not there yet. */
export async function produceCatalogue(
  broker: Pick<Broker, 'produce' | 'read' | 'bounds'>,
  dataset: Dataset,
  options: CatalogueOptions,
): Promise<CatalogueOutcome> {
  return {
    items: await upsert(broker, 'items', messagesOf('items', dataset.items(), 'itemId'), options),
    users: await upsert(broker, 'users', messagesOf('users', dataset.users(), 'userId'), options),
  }
}

function* messagesOf(topic: 'items' | 'users', entries: Iterable<object>, key: string): Generator<Message> {
  for (const entry of entries as Iterable<never>) yield { key: entry[key], value: encode(topic, entry) }
}

async function upsert(
  broker: Pick<Broker, 'produce' | 'read' | 'bounds'>,
  topic: 'items' | 'users',
  messages: Iterable<Message>,
  { send, signal }: CatalogueOptions,
): Promise<number> {
  const present = await latestValues(broker, topic)
  let sent = 0
  let batch: Message[] = []
  const flush = async () => {
    signal?.throwIfAborted()
    await broker.produce(topic, batch)
    sent += batch.length
    batch = []
  }
  for (const message of messages) {
    const known = present.get(message.key)
    if (known && (send === 'missing' || Buffer.compare(known, message.value) === 0 || isForgotten(known))) continue
    batch.push(message)
    if (batch.length === BATCH) await flush()
  }
  if (batch.length) await flush()
  return sent
}

/** What a data set says of a user is not taken up again once they are forgotten. */
function isForgotten(value: Uint8Array): boolean {
  const decoded = decode('users', value)
  return decoded.ok && decoded.event.forgotten === true
}

async function latestValues(broker: Pick<Broker, 'read' | 'bounds'>, topic: 'items' | 'users') {
  const values = new Map<string, Uint8Array>()
  for await (const { key, value } of recordsOf(broker, topic)) values.set(key, value)
  return values
}
