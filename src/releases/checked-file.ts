import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Pace } from '../in-passing.ts'
import { corrupt, type Manifest } from './manifest.ts'

/** Between two chunks the thread does other work. */
const CHUNK_BYTES = 256 * 1024

/**
 * Reads a file of a release and holds it to its manifest.
 * @throws CORRUPT where it is missing, or has another size or checksum
 */
export async function readChecked(path: string, name: string, manifest: Manifest, pace: Pace): Promise<Uint8Array> {
  const bytes = new Uint8Array(manifest.files[name]?.bytes ?? 0)
  await readAll(path, name, manifest, pace, (at) => bytes.subarray(at, at + CHUNK_BYTES))
  return bytes
}

/** The same without keeping what was read. */
export async function check(path: string, name: string, manifest: Manifest, pace: Pace): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  await readAll(path, name, manifest, pace, () => buffer)
}

/** @param placeFor where what lies at an offset is to be put, or the beginning of it */
async function readAll(
  path: string,
  name: string,
  manifest: Manifest,
  pace: Pace,
  placeFor: (offset: number) => Uint8Array,
): Promise<void> {
  const { version } = manifest
  const expected = manifest.files[name]
  if (!expected) throw corrupt(version, `its manifest does not list ${name}`)
  const file = await open(path).catch((cause) => {
    throw corrupt(version, `${path} cannot be read (${cause.code ?? cause.message})`, cause)
  })
  try {
    const { size } = await file.stat()
    if (size !== expected.bytes) throw corrupt(version, `${path} has ${size} bytes in place of ${expected.bytes}`)
    const hash = createHash('sha256')
    for (let offset = 0; offset < size; ) {
      const place = placeFor(offset)
      const { bytesRead } = await file.read(place)
      if (bytesRead === 0) break
      await pace(() => hash.update(place.subarray(0, bytesRead)))
      offset += bytesRead
    }
    if (hash.digest('hex') !== expected.sha256) throw corrupt(version, `${path} is not what was written (checksum)`)
  } finally {
    await file.close()
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
