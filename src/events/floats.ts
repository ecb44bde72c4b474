/** base64 of numbers of 32 bits, little-endian: what an event carries of features. */
export function encodeFloats(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')
}

/** @throws RangeError for what is not whole numbers of 32 bits */
export function decodeFloats(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  return new Float32Array(bytes.buffer)
}
