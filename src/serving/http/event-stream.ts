import { PassThrough } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Problem } from './problem.ts'

const MAX_OPEN = 256
const HEARTBEAT_MS = 15_000
/** What a client may be behind before it is given nothing more until it has read. */
const MAX_BEHIND_BYTES = 1024 * 1024

/** One client that listens. */
export interface EventStream {
  /** False where the client is too far behind and was not sent the event. */
  send(event: string, data: unknown): boolean
  /** Resolved by whichever side ends it. */
  readonly closed: Promise<void>
  isClosed(): boolean
}

/** Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), a bounded number at a time. */
export class EventStreams {
  readonly #open = new Set<PassThrough>()

  /** They end when the server closes: nobody waits for a stream that has no end of its own. */
  constructor(app: FastifyInstance) {
    app.addHook('preClose', async () => {
      for (const body of this.#open) body.end()
    })
  }

  get size(): number {
    return this.#open.size
  }

  /** @throws Problem where too many are open */
  open(reply: FastifyReply): EventStream {
    if (this.#open.size >= MAX_OPEN) {
      throw new Problem('overloaded', `${MAX_OPEN} streams of events are open already: try again shortly.`)
    }
    const body = new PassThrough({ highWaterMark: MAX_BEHIND_BYTES })
    this.#open.add(body)
    const heartbeat = setInterval(() => body.writableNeedDrain || body.write(':\n\n'), HEARTBEAT_MS)
    const closed = new Promise<void>((resolve) => {
      const close = () => {
        clearInterval(heartbeat)
        this.#open.delete(body)
        resolve()
      }
      body.once('close', close).once('finish', close)
    })
    // Headers go out with the first byte.
    body.write('retry: 1000\n\n')
    reply.type('text/event-stream').header('x-accel-buffering', 'no').send(body)
    return {
      send: (event, data) => {
        if (body.writableEnded || body.destroyed || body.writableNeedDrain) return false
        body.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
        return true
      },
      closed,
      isClosed: () => !this.#open.has(body),
    }
  }
}
