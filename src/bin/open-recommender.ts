import type { Broker } from '../broker/broker.ts'
import { Catalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config/config.ts'
import { modelKernels } from '../kernels/model-kernels.ts'
import type { ReleaseFolder } from '../releases/release-folder.ts'
import { ItemIndex } from '../retrieval/online/item-index.ts'
import { OnlineState } from '../retrieval/online/online-state.ts'
import { ReleaseSlot } from '../retrieval/release-slot.ts'
import { LiveRecommender } from '../serving/live-recommender.ts'
import { serveReleases } from '../serving/serve-releases.ts'
import { LIVE_GROUP } from '../state/keys.ts'
import type { Offsets } from '../state/state-store.ts'
import { openBroker, openReleases, openStateStore } from './adapters.ts'
import { whenAvailable } from './when-available.ts'

/** Of item rows and trails: what is popular is read once for all, and is at most so old. */
const ROW_CACHE = { maxBytes: 128 * 2 ** 20, maxAgeMs: 1000 }

export interface OpenRecommender {
  readonly recommender: LiveRecommender
  readonly broker: Broker
  readonly releases: ReleaseFolder
  /** Committed offsets of the state, to fold next, by topic. */
  readonly offsets: (partition: number) => Promise<Offsets>
  close(): Promise<void>
}

export interface ReleaseEvents {
  readonly onSwap?: (version: string, loadingMs: number) => void
  readonly onFailure?: (version: string, error: unknown) => void
}

/** The recommender over state, catalogue and the release in service, all of which it follows. */
export async function openRecommender(config: Config, events: ReleaseEvents = {}): Promise<OpenRecommender> {
  const { onSwap = () => {}, onFailure = () => {} } = events
  const broker = await whenAvailable(() => openBroker(config))
  const store = await whenAvailable(() => openStateStore(config))
  const catalogue = new Catalogue()
  await whenAvailable(() => catalogue.follow(broker))
  const items = new ItemIndex()
  const slot = new ReleaseSlot()
  const online = new OnlineState(store, LIVE_GROUP, items, ROW_CACHE)
  const recommender = new LiveRecommender({ online, catalogue, releases: slot })
  const [folder, kernels] = [openReleases(config), modelKernels]
  const follower = await serveReleases({ broker, folder, slot, items, catalogue, kernels, onSwap, onFailure })
  return {
    recommender,
    broker,
    releases: folder,
    offsets: (partition) => store.offsets(LIVE_GROUP, partition),
    close: async () => {
      await follower.stop()
      await catalogue.stop()
      await broker.close()
      await store.close()
    },
  }
}
