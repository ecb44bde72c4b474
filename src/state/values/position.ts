import type { Offsets } from '../state-store.ts'

/**
 * Where a partition's state stands, stored among its values: what is read together with it in one call is of just there,
 * which a second call for the committed offsets could not promise.
 */
export function encodePosition(offsets: Offsets): Uint8Array {
  return Buffer.from(JSON.stringify(offsets))
}

/** @returns undefined where nothing is stored: an empty partition, or a state of before positions were */
export function decodePosition(bytes: Uint8Array | undefined): Offsets | undefined {
  return bytes && JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
}
