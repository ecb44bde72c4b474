// Faults of kafkajs 2.2.4, its last release, put right from outside. To be imported before kafkajs is used.
import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'

const require = createRequire(import.meta.url)

// Whenever a connection has nothing to send, a timer of a negative time is set, which Node takes for 1 ms and warns of,
// and is set again when it fires: every idle connection would wake up a thousand times a second.
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}
const queue: { prototype: RequestQueue } = require('kafkajs/src/network/requestQueue')
const schedule = queue.prototype.scheduleCheckPendingRequests
queue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this)
}

// Requests that find their connection closed each open a socket. All but one are forgotten, and when the server closes
// such a one for idling, the requests under way on the other are rejected. Also, nobody is told when the server hangs up
// during the TLS handshake.
interface Connection {
  readonly host: string
  readonly port: number
  readonly connectionTimeout: number
  connecting?: Promise<unknown> | undefined
  connect(): Promise<unknown>
}
const connection: { prototype: Connection } = require('kafkajs/src/network/connection')
const connect = connection.prototype.connect
connection.prototype.connect = function () {
  this.connecting ??= connectOrGiveUp(this).finally(() => {
    this.connecting = undefined
  })
  return this.connecting
}

async function connectOrGiveUp(connection: Connection): Promise<unknown> {
  const { promise: gaveUp, reject } = Promise.withResolvers<never>()
  const broker = `${connection.host}:${connection.port}`
  const error = new kafkajs.KafkaJSConnectionError('Connection closed while it was being set up', { broker })
  const timer = setTimeout(() => reject(error), 2 * connection.connectionTimeout)
  try {
    return await Promise.race([connect.call(connection), gaveUp])
  } finally {
    clearTimeout(timer)
  }
}
