import { open } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { TributaryError } from '../errors.ts'
import { type FetchProgress, formatDuration } from './progress.ts'

export interface FetchOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FetchProgress) => void
  /** Until the server answers. Default 15 s. */
  readonly responseTimeoutMs?: number
  /** Without a byte. Default 30 s. */
  readonly idleTimeoutMs?: number
  /** A connection that breaks is taken up where it broke, so many times in all. Default 3. */
  readonly attempts?: number
}

const RESPONSE_TIMEOUT_MS = 15_000
const IDLE_TIMEOUT_MS = 30_000
const ATTEMPTS = 3
const RETRY_MS = 500

/** @throws TributaryError UNAVAILABLE (no connection, time-out, server in trouble) or BAD_INPUT (refused) */
export async function fetchFile(url: string, path: string, options: FetchOptions): Promise<void> {
  const partial: Partial = { receivedBytes: 0, etag: undefined }
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchRest(url, path, partial, options)
    } catch (error) {
      const isLast = attempt >= (options.attempts ?? ATTEMPTS)
      if (isLast || !(error instanceof TributaryError && error.retriable)) throw error
      await sleep(RETRY_MS * attempt, undefined, options.signal ? { signal: options.signal } : {})
    }
  }
}

/** A small text; undefined where it cannot be had, for whatever reason but an abort. */
export async function fetchText(url: string, options: FetchOptions): Promise<string | undefined> {
  const watch = watchdog(url, options)
  try {
    const response = await fetch(url, { signal: watch.signal })
    return response.ok ? await response.text() : undefined
  } catch {
    options.signal?.throwIfAborted()
    return undefined
  } finally {
    watch.stop()
  }
}

/** What is in the file already, of which version. */
interface Partial {
  receivedBytes: number
  etag: string | undefined
}

async function fetchRest(url: string, path: string, partial: Partial, options: FetchOptions): Promise<void> {
  const { onProgress } = options
  const watch = watchdog(url, options)
  try {
    const isRest = partial.receivedBytes > 0 && partial.etag !== undefined
    const headers = isRest ? { range: `bytes=${partial.receivedBytes}-`, 'if-range': partial.etag! } : undefined
    const response = await fetch(url, { signal: watch.signal, ...(headers ? { headers } : {}) })
    if (!response.ok || !response.body) throw refused(url, response)
    if (response.status !== 206) partial.receivedBytes = 0
    partial.etag = response.headers.get('etag') ?? undefined
    const length = response.headers.get('content-length')
    const totalBytes = length === null ? undefined : partial.receivedBytes + Number(length)
    await using file = await open(path, partial.receivedBytes > 0 ? 'r+' : 'w')
    for await (const chunk of response.body) {
      watch.sawBytes()
      await file.write(chunk, 0, chunk.length, partial.receivedBytes)
      partial.receivedBytes += chunk.length
      onProgress?.({ receivedBytes: partial.receivedBytes, totalBytes })
    }
    await file.sync()
  } catch (error) {
    throw translated(error, url, partial.receivedBytes, watch)
  } finally {
    watch.stop()
  }
}

interface Watchdog {
  /** Aborted by the caller, or when nothing has come for too long. */
  readonly signal: AbortSignal
  /** Whether it was the time that ran out. */
  readonly timedOut: TributaryError | undefined
  sawBytes(): void
  stop(): void
}

function watchdog(url: string, options: FetchOptions): Watchdog {
  const { signal, responseTimeoutMs = RESPONSE_TIMEOUT_MS, idleTimeoutMs = IDLE_TIMEOUT_MS } = options
  const controller = new AbortController()
  let timedOut: TributaryError | undefined
  const expire = (ms: number) => () => {
    timedOut = new TributaryError('UNAVAILABLE', `${url}: nothing came for ${formatDuration(ms)}`, { url })
    controller.abort(timedOut)
  }
  let timer = setTimeout(expire(responseTimeoutMs), responseTimeoutMs)
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    get timedOut() {
      return timedOut
    },
    sawBytes() {
      clearTimeout(timer)
      timer = setTimeout(expire(idleTimeoutMs), idleTimeoutMs)
    },
    stop: () => clearTimeout(timer),
  }
}

function refused(url: string, { status, statusText }: Response): TributaryError {
  const isTemporary = status >= 500 || status === 429 || status === 408
  const says = `${status} ${statusText}`.trim()
  return new TributaryError(isTemporary ? 'UNAVAILABLE' : 'BAD_INPUT', `${url}: the server says ${says}`, { status })
}

/** Errors of the connection become UNAVAILABLE; those of the disk, ours and an abort stay what they are. */
function translated(error: unknown, url: string, receivedBytes: number, watch: Watchdog): unknown {
  if (watch.timedOut) return watch.timedOut
  if (error instanceof TributaryError || watch.signal.aborted || !(error instanceof TypeError)) return error
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException
  const what = receivedBytes > 0 ? `the connection broke after ${receivedBytes} bytes` : 'cannot be reached'
  return new TributaryError('UNAVAILABLE', `${url}: ${what} (${code ?? message})`, { url, receivedBytes }, error)
}
