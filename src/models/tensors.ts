// Named float32 tensors as bytes, in the layout of safetensors (https://huggingface.co/docs/safetensors): the length of a
// JSON header in 8 bytes, the header (name → type, shape, place), the numbers. Other tools can read what we write.
import { TributaryError } from '../errors.ts'

export interface Tensor {
  readonly shape: readonly number[]
  /** Row by row. */
  readonly data: Float32Array
}

export type Tensors = ReadonlyMap<string, Tensor>

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const HEADER_LENGTH_BYTES = 8
const FLOAT_BYTES = 4
const METADATA = '__metadata__'

export function encodeTensors(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = { [METADATA]: metadata }
  let end = 0
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] } satisfies Entry
    end += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  // Spaces up to where floats may begin.
  const start = Math.ceil((HEADER_LENGTH_BYTES + json.length) / FLOAT_BYTES) * FLOAT_BYTES
  const bytes = Buffer.alloc(start + end, ' ')
  bytes.writeBigUInt64LE(BigInt(start - HEADER_LENGTH_BYTES))
  json.copy(bytes, HEADER_LENGTH_BYTES)
  let at = start
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/**
 * The tensors are views of `bytes` where floats may begin there, else of a copy.
 * @throws CORRUPT for bytes that are not such a file, or not the whole of it
 */
export function decodeTensors(bytes: Uint8Array): { tensors: Tensors; metadata: Readonly<Record<string, string>> } {
  const { buffer, byteOffset } = bytes.byteOffset % FLOAT_BYTES === 0 ? bytes : new Uint8Array(bytes)
  const { header, start } = readHeader(bytes)
  const { [METADATA]: metadata = {}, ...entries } = header
  const tensors = new Map<string, Tensor>()
  for (const [name, { dtype, shape, data_offsets: [from, to] = [0, -1] }] of Object.entries(entries)) {
    const length = shape?.reduce((product, size) => product * size, 1)
    if (dtype !== 'F32' || (to - from) / FLOAT_BYTES !== length || start + to > bytes.byteLength) {
      throw corrupt(`tensor ${name} is not all there, or not of 32-bit floats`)
    }
    tensors.set(name, { shape, data: new Float32Array(buffer, byteOffset + start + from, length) })
  }
  return { tensors, metadata: metadata as unknown as Record<string, string> }
}

function readHeader(file: Uint8Array): { header: Record<string, Entry>; start: number } {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const length = bytes.length < HEADER_LENGTH_BYTES ? Number.NaN : Number(bytes.readBigUInt64LE())
  const start = HEADER_LENGTH_BYTES + length
  if (!(start <= bytes.length) || start % FLOAT_BYTES !== 0) throw corrupt('its header is not all there')
  try {
    return { header: JSON.parse(bytes.toString('utf8', HEADER_LENGTH_BYTES, start)), start }
  } catch (error) {
    throw corrupt('its header is not JSON', error)
  }
}

function corrupt(what: string, cause?: unknown): TributaryError {
  return new TributaryError('CORRUPT', `these bytes are not a safetensors file: ${what}`, {}, cause)
}
