// How the embedded log stores records: in batches, one value each, compressed where that pays.
//
//   batch:  codec u8 (0 stored, 1 zstd) · records u32 · bytes of the records before compression u32 · the records
//   record: bytes of the key u32 · bytes of the value u32 · the key in UTF-8 · the value
//
// Little endian. Offsets are not in it: a batch is stored under its first one, and they are dense within it.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { LogRecord, Message } from './broker.ts'

/** Bounds of one stored batch: what a reader of a single record must decompress. */
const MAX_RECORDS = 1_000
const MAX_BYTES = 256 * 1024

/** Below, compression costs more time than it saves disk. */
const COMPRESS_FROM_BYTES = 1024

const STORED = 0
const ZSTD = 1
const BATCH_HEADER_BYTES = 9
const RECORD_HEADER_BYTES = 8

export interface StoredBatch {
  readonly count: number
  readonly bytes: Buffer
}

/** At least one batch for one message or more; a message larger than a batch's bound is a batch of its own. */
export function encodeBatches(messages: readonly Message[]): StoredBatch[] {
  const batches: StoredBatch[] = []
  let begin = 0
  let size = 0
  for (let i = 0; i < messages.length; i++) {
    const bytes = sizeAtMost(messages[i]!)
    if (i > begin && (i - begin === MAX_RECORDS || size + bytes > MAX_BYTES)) {
      batches.push(encodeBatch(messages, begin, i, size))
      begin = i
      size = 0
    }
    size += bytes
  }
  if (begin < messages.length) batches.push(encodeBatch(messages, begin, messages.length, size))
  return batches
}

/** Three bytes of UTF-8 are the most that one UTF-16 unit takes. */
function sizeAtMost({ key, value }: Message): number {
  return RECORD_HEADER_BYTES + 3 * key.length + value.length
}

function encodeBatch(messages: readonly Message[], begin: number, end: number, sizeAtMost: number): StoredBatch {
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + sizeAtMost)
  let at = BATCH_HEADER_BYTES
  for (let i = begin; i < end; i++) {
    const { key, value } = messages[i]!
    const keyBytes = bytes.write(key, at + RECORD_HEADER_BYTES)
    bytes.writeUInt32LE(keyBytes, at)
    bytes.writeUInt32LE(value.length, at + 4)
    at += RECORD_HEADER_BYTES + keyBytes
    bytes.set(value, at)
    at += value.length
  }
  const count = end - begin
  const rawBytes = at - BATCH_HEADER_BYTES
  const raw = bytes.subarray(BATCH_HEADER_BYTES, at)
  const zstd = rawBytes < COMPRESS_FROM_BYTES ? undefined : compress(raw)
  if (!zstd || zstd.length >= rawBytes) {
    writeHeader(bytes, STORED, count, rawBytes)
    return { count, bytes: bytes.subarray(0, at) }
  }
  const compressed = Buffer.allocUnsafe(BATCH_HEADER_BYTES + zstd.length)
  writeHeader(compressed, ZSTD, count, rawBytes)
  compressed.set(zstd, BATCH_HEADER_BYTES)
  return { count, bytes: compressed }
}

function writeHeader(bytes: Buffer, codec: number, count: number, rawBytes: number): void {
  bytes[0] = codec
  bytes.writeUInt32LE(count, 1)
  bytes.writeUInt32LE(rawBytes, 5)
}

/**
 * The records of a stored batch with offsets from `from` on, at most `limit` of them. The values are views of one
 * buffer, which may be `bytes` itself. Throws where the bytes are not what was written.
 * @param base the offset of the batch's first record
 */
export function decodeBatch(bytes: Buffer, base: number, from: number, limit: number): LogRecord[] {
  const raw = recordsOf(bytes)
  const end = Math.min(base + bytes.readUInt32LE(1), Math.max(base, from) + limit)
  const records: LogRecord[] = []
  let at = 0
  for (let offset = base; offset < end; offset++) {
    const keyAt = at + RECORD_HEADER_BYTES
    const valueAt = keyAt + raw.readUInt32LE(at)
    at = valueAt + raw.readUInt32LE(keyAt - 4)
    if (offset < from) continue
    records.push({ offset, key: raw.toString('utf8', keyAt, valueAt), value: raw.subarray(valueAt, at) })
  }
  return records
}

function recordsOf(bytes: Buffer): Buffer {
  const body = bytes.subarray(BATCH_HEADER_BYTES)
  const rawBytes = bytes.readUInt32LE(5)
  const raw = bytes[0] === ZSTD ? decompress(body, rawBytes) : body
  if (raw.length !== rawBytes || bytes[0]! > ZSTD) {
    throw new Error(`a batch of codec ${bytes[0]} has ${raw.length} bytes where ${rawBytes} were written`)
  }
  return raw
}

const COMPRESSION = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }

function compress(raw: Buffer): Buffer {
  return zstdCompressSync(raw, { params: COMPRESSION, chunkSize: raw.length })
}

function decompress(body: Buffer, rawBytes: number): Buffer {
  return zstdDecompressSync(body, { chunkSize: rawBytes, maxOutputLength: rawBytes })
}
