import { once } from 'node:events'
import { type Agent, get } from 'node:http'
import { until } from './benchmark.ts'

export interface SlateAnswer {
  readonly release: string
  /** Ids of the items, in their order. */
  readonly items: string
}

/** Rejects for everything but an answer. */
export async function askSlate(url: string, user: string, agent: Agent): Promise<SlateAnswer> {
  const [response] = await once(get(`${url}/recommend?user=${encodeURIComponent(user)}&k=20`, { agent }), 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${body}`)
  const { release, items } = JSON.parse(body) as { release: string; items: { itemId: string }[] }
  return { release, items: items.map(({ itemId }) => itemId).join() }
}

/** Sends so many requests a second, whether those before have been answered or not; resolves when all are that were sent. */
export async function steadily(
  perSecond: number,
  stopped: () => boolean,
  request: (number: number) => Promise<void>,
): Promise<void> {
  const begun = performance.now()
  const pending: Promise<void>[] = []
  for (let sent = 0; !stopped(); sent++) {
    const due = begun + (1000 * sent) / perSecond
    await until(() => performance.now() >= due, 1)
    pending.push(request(sent))
  }
  await Promise.all(pending)
}
