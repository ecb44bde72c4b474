import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'
import { TributaryError } from '../errors.ts'

/** Unpacks the files of a zip. @throws TributaryError BAD_INPUT for a damaged zip, or one that points out of `into` */
export async function unzip(zip: string, into: string): Promise<void> {
  const root = resolve(into)
  await mkdir(root, { recursive: true })
  try {
    const file = await openPromise(zip, { strictFileNames: true })
    for await (const entry of file.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      const path = resolve(root, entry.fileName)
      if (!path.startsWith(root + sep)) throw new Error(`${entry.fileName} points out of the folder`)
      await mkdir(dirname(path), { recursive: true })
      await pipeline(await file.openReadStreamPromise(entry), createWriteStream(path, { flush: true }))
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') throw cause
    throw new TributaryError('BAD_INPUT', `${zip} cannot be unpacked: ${message}`, { zip }, cause)
  }
}
