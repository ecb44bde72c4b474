import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TributaryError } from '../errors.ts'
import { atOnce, type Pace } from '../in-passing.ts'
import { sha256 } from './checked-file.ts'
import { type LoadedRelease, loadRelease } from './load-release.ts'
import { type GateReport, MANIFEST_FILE, type Manifest, parseManifest } from './manifest.ts'
import { type ReleaseDraft, writeRelease } from './write-release.ts'

/** Folders of names like these are work under way; everything else is a release, whole. */
const WRITING = '.writing-'
const REMOVING = '.removing-'
const REFUSED = 'refused'
/** What a writer that was killed has left is removed by a later one. */
const LEFTOVER_MS = 3600_000
const REFUSALS_KEPT = 10

export interface Refusal {
  readonly version: string
  readonly createdAt: number
  readonly watermark: number
  readonly gate: GateReport
}

/** What a folder holds that is called a release and cannot be read as one. */
export interface Unreadable {
  readonly version: string
  readonly reason: string
}

/**
 * Releases as folders of a folder, which may be shared by machines: one appears under its name when all of it is written
 * and on disk, and never changes. Which of them is in service is not said here but on the topic `releases`.
 */
export class ReleaseFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Oldest first. */
  async list(): Promise<{ releases: readonly Manifest[]; unreadable: readonly Unreadable[] }> {
    const releases: Manifest[] = []
    const unreadable: Unreadable[] = []
    for (const version of await this.#versions()) {
      try {
        releases.push(await this.manifest(version))
      } catch (error) {
        unreadable.push({ version, reason: (error as Error).message })
      }
    }
    return { releases, unreadable }
  }

  /** @throws UNAVAILABLE where there is no such release, CORRUPT where its manifest cannot be read */
  async manifest(version: string): Promise<Manifest> {
    const path = join(this.path, version, MANIFEST_FILE)
    const text = await readFile(path, 'utf8').catch((cause) => {
      const message = `there is no release ${version} in ${this.path}: \`tributary releases list\` says which there are`
      throw new TributaryError('UNAVAILABLE', message, { version, path }, cause)
    })
    return parseManifest(text, version)
  }

  /**
   * Reads all of a release, piece by piece.
   * @throws UNAVAILABLE where it is not there, CORRUPT where anything of it is not as its manifest says
   */
  async load(version: string, pace: Pace = atOnce): Promise<LoadedRelease> {
    return loadRelease(join(this.path, version), await this.manifest(version), pace)
  }

  /** Resolves when the release is there under its name and on disk. Killed before, it has never been there. */
  async write(draft: ReleaseDraft): Promise<Manifest> {
    await mkdir(this.path, { recursive: true })
    await this.#removeLeftovers()
    const { version } = draft
    const [beside, place] = [join(this.path, `${WRITING}${version}`), join(this.path, version)]
    await rm(beside, { recursive: true, force: true })
    await mkdir(beside)
    const manifest = await writeRelease(beside, draft)
    await syncFolder(beside)
    await rename(beside, place)
    await syncFolder(this.path)
    return manifest
  }

  /** Removes the oldest beyond the newest `keep`, but never `inService`. Answers the versions that went. */
  async prune(keep: number, inService: string | undefined): Promise<string[]> {
    const versions = await this.#versions()
    const old = versions.slice(0, Math.max(0, versions.length - keep)).filter((version) => version !== inService)
    for (const version of old) {
      // Gone at once as far as readers are concerned.
      const going = join(this.path, `${REMOVING}${version}`)
      await rename(join(this.path, version), going)
      await rm(going, { recursive: true, force: true })
    }
    return old
  }

  /** Keeps what the gate has said of a release that was not written. */
  async refuse(refusal: Refusal): Promise<void> {
    const folder = join(this.path, REFUSED)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `${refusal.version}.json`), `${JSON.stringify(refusal, null, 2)}\n`)
    const names = (await readdir(folder)).sort()
    for (const name of names.slice(0, -REFUSALS_KEPT)) await rm(join(folder, name), { force: true })
  }

  /** Oldest first. */
  async refusals(): Promise<Refusal[]> {
    const folder = join(this.path, REFUSED)
    const names = (await readdir(folder).catch(() => [])).sort()
    return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))))
  }

  async #versions(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => [])
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== REFUSED)
      .map(({ name }) => name)
      .sort()
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.path)) {
      if (!name.startsWith(WRITING) && !name.startsWith(REMOVING)) continue
      const path = join(this.path, name)
      const { mtimeMs } = await stat(path)
      if (Date.now() - mtimeMs > LEFTOVER_MS) await rm(path, { recursive: true, force: true })
    }
  }
}

/** A name for what is made now of `itemIds`; later ones sort behind. */
export function newVersion(itemIds: readonly string[], now = Date.now()): string {
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '')
  return `${time}-${sha256(`${process.pid} ${Math.random()} ${itemIds.length}`).slice(0, 6)}`
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}
