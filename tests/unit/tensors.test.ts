import { describe, expect, it } from 'vitest'
import { decodeTensors, encodeTensors } from '../../src/models/tensors.ts'

const tensors = new Map([
  ['items', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Number.NaN) }],
  ['bias', { shape: [1], data: new Float32Array([9, -0.5]).subarray(1) }],
  ['none', { shape: [0, 4], data: new Float32Array(0) }],
])

describe('a tensor file', () => {
  it('gives back names, shapes, numbers and metadata, wherever in memory the bytes lie', () => {
    const bytes = encodeTensors(tensors, { model: 'sequence' })
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeTensors(shifted.subarray(3))).toEqual({ tensors, metadata: { model: 'sequence' } })
  })

  it('is not copied where floats may begin in it', () => {
    const file = new Uint8Array(encodeTensors(tensors))
    const { data } = decodeTensors(file).tensors.get('items')!
    expect(data.buffer).toBe(file.buffer)
  })

  it('has the layout of safetensors', () => {
    const bytes = Buffer.from(encodeTensors(tensors))
    const length = Number(bytes.readBigUInt64LE())
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length))
    expect(header.bias).toEqual({ dtype: 'F32', shape: [1], data_offsets: [24, 28] })
    expect(bytes.readFloatLE(8 + length + 24)).toBe(-0.5)
    expect(bytes).toHaveLength(8 + length + 28)
  })

  it('refuses bytes that are cut off, anywhere, or that are something else', () => {
    const bytes = encodeTensors(tensors)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeTensors(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
    }
    expect(() => decodeTensors(Buffer.from('not a tensor file at all'))).toThrow(/not a safetensors file/)
  })
})
