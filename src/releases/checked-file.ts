import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { corrupt, type Manifest } from './manifest.ts'

/** Between two chunks the thread does other work. */
const CHUNK_BYTES = 256 * 1024

/**
 * Reads a file of a release and holds it to its manifest.
 * @throws CORRUPT where it is missing, or has another size or checksum
 */
export async function readChecked(path: string, name: string, manifest: Manifest): Promise<Uint8Array> {
  const bytes = new Uint8Array(manifest.files[name]?.bytes ?? 0)
  let end = 0
  await check(path, name, manifest, (chunk) => {
    bytes.set(chunk, end)
    end += chunk.length
  })
  return bytes
}

/** The same without keeping what was read. */
export async function check(
  path: string,
  name: string,
  manifest: Manifest,
  onChunk?: (chunk: Uint8Array) => void,
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
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES)
      if (bytesRead === 0) break
      const chunk = buffer.subarray(0, bytesRead)
      hash.update(chunk)
      onChunk?.(chunk)
    }
    if (hash.digest('hex') !== expected.sha256) throw corrupt(version, `${path} is not what was written (checksum)`)
  } finally {
    await file.close()
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
