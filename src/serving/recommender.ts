import type { Features, Item, Kind } from '../events/types.ts'
import type { DiversifierName } from '../ranking/diversify.ts'
import type { Explanation } from './explanation.ts'
import type { HistoryView, Inspection } from './inspection.ts'

/** What a slate names in which no trained model takes part. */
export const NO_RELEASE = 'live'

/** What serving can answer. Everything HTTP knows about recommending goes through this port. */
export interface Recommender {
  recommend(request: RecommendRequest): Promise<Slate>
  /** Items that go with `itemId`, best first; undefined where the catalogue does not know it. */
  similar(itemId: string, k: number): Promise<SlateItem[] | undefined>
  /** What lies near `itemId` in each space that is known, nearest first; undefined where the catalogue does not know it. */
  neighbours(itemId: string, k: number): Promise<ItemNeighbours | undefined>
  /** What is liked by most, or what is rising now. */
  popular(k: number, by: 'popularity' | 'trend'): Promise<SlateItem[]>
  /** A user as the live state has it; undefined for one who has left no trace. */
  user(userId: string): Promise<UserView | undefined>
  /** Of each user a text that changes when the history does: cheap, to be asked often. */
  historyVersions(userIds: readonly string[]): Promise<string[]>
  /** Of a sample of the users whose id begins so, the `k` who have done most: some to look at, not a list of all. */
  someUsers(k: number, prefix?: string): Promise<UserSummary[]>
  /** How the user's recommendations come about, with the first `k` of every list; also for who has left no trace. */
  inspect(userId: string, options: { readonly target?: string; readonly k: number }): Promise<Inspection>
  item(itemId: string): Item | undefined
  /** Whether requests can be answered: the catalogue is loaded and the state can be read. A reason where not. */
  ready(): { ready: true } | { ready: false; reason: string }
}

export interface RecommendRequest {
  readonly userId: string
  /** Items wanted, 1 to 100. */
  readonly k: number
  /** History of an anonymous session, oldest first: taken in place of what is stored of the user. */
  readonly items?: readonly string[]
  readonly exclude?: readonly string[]
  /** Only items of this genre. */
  readonly category?: string
  /** 0 for the most relevant items, 1 for the most different. Default 0. */
  readonly diversity?: number
  /** How it is made different. Default `mmr`. */
  readonly diversifier?: DiversifierName
  /** Where a ranker knows of it: 0 for what is most likely taken, 1 for what is most likely liked. Default 0. */
  readonly satisfaction?: number
  /** How much of what popularity alone gives an item is taken from it: 0, the default, to 1, all of it. */
  readonly novelty?: number
  /** Adds `explanation` to each item. */
  readonly explain?: boolean
  /** Adds `debug` to the slate. */
  readonly debug?: boolean
  /** Adds `features` to the slate, where they could be worked out again: of a user, from a whole state. */
  readonly features?: boolean
}

export interface Slate {
  readonly requestId: string
  readonly userId: string
  /** The one model release that computed the slate; `live` where no trained model takes part. */
  readonly release: string
  /** What was missing or late when the slate was made; empty when nothing was. */
  readonly degraded: readonly string[]
  readonly items: readonly SlateItem[]
  /** For the metrics, where it was measured; not part of the answer. */
  readonly stagesMs?: Readonly<Record<string, number>>
  /** For the impression; not part of the answer. */
  readonly features?: Features
  readonly debug?: SlateDebug
}

export interface SlateItem {
  readonly itemId: string
  readonly title: string
  readonly year?: number
  readonly genres?: readonly string[]
  readonly posterUrl?: string
  /** Greater is better; comparable within one slate only. */
  readonly score: number
  /** The row it belongs to: "Because you watched …", "Trending now", … */
  readonly section: string
  /** One sentence for people. */
  readonly reason: string
  /** What of the history put it lower than it would be: something skipped or disliked that it goes with. */
  readonly lowered?: { readonly itemId: string; readonly title: string; readonly kind: Kind }
  /** Which candidate sources found it: rank from 1, and the source's own score. */
  readonly sources: readonly { readonly name: string; readonly rank: number; readonly score: number }[]
  readonly explanation?: Explanation
}

export interface SlateDebug {
  readonly streamTime: number
  readonly historyLength: number
  /** Candidates each source brought. */
  readonly candidates: Readonly<Record<string, number>>
  /** Items each filter took away. */
  readonly removed: Readonly<Record<string, readonly string[]>>
  readonly stagesMs: Readonly<Record<string, number>>
}

/** An item in the spaces that serving moves in. */
export interface ItemNeighbours {
  readonly itemId: string
  readonly title: string
  /** Whose embeddings these are; `live` where there is no release. */
  readonly release: string
  readonly spaces: readonly {
    /** `co-visitation`, or a model that has item embeddings. */
    readonly name: string
    /** Cosines in an embedding space; co-visits otherwise. */
    readonly neighbours: readonly { readonly itemId: string; readonly title: string; readonly score: number }[]
  }[]
}

export interface UserView {
  readonly userId: string
  readonly attributes: Readonly<Record<string, string>>
  /** Newest first. */
  readonly history: readonly HistoryView[]
  readonly features: {
    readonly count: number
    readonly meanValue: number | null
    readonly valueVariance: number | null
    readonly meanYear: number | null
    readonly lastAt: number | null
    /** Decayed preference per genre, strongest first. */
    readonly genres: readonly { readonly genre: string; readonly weight: number }[]
  }
}

export interface UserSummary {
  readonly userId: string
  /** Interactions. */
  readonly count: number
}
