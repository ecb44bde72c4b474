import type { Broker } from '../broker/broker.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Item } from '../events/types.ts'
import { atOnce, inPassing } from '../in-passing.ts'
import type { ModelKernels } from '../models/model-kernels.ts'
import { followReleases, type ReleaseFollower } from '../releases/follow-releases.ts'
import type { ReleaseFolder } from '../releases/release-folder.ts'
import type { ItemIndex } from '../retrieval/online/item-index.ts'
import type { ReleaseSlot } from '../retrieval/release-slot.ts'
import { ServedRelease } from '../retrieval/served-release.ts'

/** New items placed before requests get their turn, and how many may wait for it: the next release has them all. */
const ITEMS_AT_A_TIME = 10
const MAX_WAITING = 10_000

export interface ServeReleasesOptions {
  readonly broker: Pick<Broker, 'subscribe' | 'bounds' | 'partitions'>
  readonly folder: Pick<ReleaseFolder, 'load'>
  readonly slot: ReleaseSlot
  readonly items: ItemIndex
  readonly catalogue: Pick<Catalogue, 'onChange' | 'values'>
  readonly kernels: ModelKernels
  /** A release is in service now. */
  readonly onSwap: (version: string, loadingMs: number) => void
  /** One could not be loaded: what was in service stays there. */
  readonly onFailure: (version: string, error: unknown) => void
}

/**
 * Keeps in service what is announced: loads and warms it beside the one in service, and swaps. Puts items that come
 * after it was trained into it, as they come. Resolves when what was announced before has been swapped in or given up.
 */
export async function serveReleases(options: ServeReleasesOptions): Promise<ReleaseFollower> {
  const { broker, folder, slot, items, catalogue, kernels, onSwap, onFailure } = options
  let preparing: ServedRelease | undefined
  /** Nothing is answered yet. */
  let waitedFor = true
  const waiting: Item[] = []

  function placeNext(): void {
    for (const item of waiting.splice(0, ITEMS_AT_A_TIME)) {
      slot.current?.put(item)
      if (preparing !== slot.current) preparing?.put(item)
    }
    if (waiting.length > 0) setImmediate(placeNext)
  }

  catalogue.onChange((item) => {
    if (waiting.length >= MAX_WAITING) return
    if (waiting.push(item) === 1) setImmediate(placeNext)
  })

  const follower = await followReleases({
    broker,
    take: async (version) => {
      if (slot.current?.version === version) {
        slot.problem = undefined
        return
      }
      const startedAt = performance.now()
      const pace = waitedFor ? atOnce : inPassing
      const release = new ServedRelease(await folder.load(version, pace), items, kernels)
      preparing = release
      await release.prepare(catalogue.values(), pace)
      slot.swap(release)
      onSwap(version, performance.now() - startedAt)
    },
    onFailure: (version, error) => {
      slot.problem = `release ${version}: ${error instanceof Error ? error.message : error}`
      onFailure(version, error)
    },
  })
  waitedFor = false
  return follower
}
