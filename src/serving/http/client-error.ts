import type { Socket } from 'node:net'
import { Problem, problemDocument } from './problem.ts'

/** Answers what never became a request: bytes that are not HTTP, headers that do not end, requests that do not arrive. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) return void socket.destroy(error)
  const problem = problemOf(error.code)
  const body = problemDocument(problem, '/')
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.kind}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

function problemOf(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers-too-large', 'The address and headers take more than 16 KiB: send less.')
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request-timeout', 'The request did not arrive in time: send it again.')
  }
  return new Problem('malformed-request', 'What arrived is not an HTTP request.')
}
