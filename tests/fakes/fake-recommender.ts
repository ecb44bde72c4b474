// A recommender small enough to see through: genre affinity of the recent history over a made-up catalogue.
import { randomUUID } from 'node:crypto'
import type { Features, Interaction, Item } from '../../src/events/types.ts'
import type { Inspection } from '../../src/serving/inspection.ts'
import type {
  ItemNeighbours,
  Recommender,
  RecommendRequest,
  Slate,
  SlateItem,
  UserSummary,
  UserView,
} from '../../src/serving/recommender.ts'

const GENRES = ['Drama', 'Comedy', 'Sci-Fi', 'Thriller', 'Romance', 'Adventure']
const FIRST = [
  'Glass',
  'Silent',
  'Crimson',
  'Northern',
  'Paper',
  'Hollow',
  'Golden',
  'Distant',
  'Wandering',
  'Electric',
]
const SECOND = ['Harbour', 'Orchard', 'Engine', 'Winter', 'Letters', 'Parade', 'Horizon', 'Mirror', 'Tide', 'Garden']

const catalogue: readonly Item[] = FIRST.flatMap((first, i) =>
  SECOND.map((second, j) => ({
    itemId: String(i * SECOND.length + j + 1),
    title: `${first} ${second}`,
    year: 1950 + ((i * 7 + j * 13) % 51),
    genres: [GENRES[(i + j) % GENRES.length]!, GENRES[(i * 3 + j * 2 + 1) % GENRES.length]!].filter(unique),
  })),
)

const WEIGHT: Partial<Record<Interaction['kind'], number>> = { like: 3, watched: 2, rating: 1, skip: -2, dislike: -3 }

const FEATURES: Features = {
  now: 978300760000,
  ranker: 'blend',
  request: { k: 1 },
  names: [],
  items: '',
  contextNames: [],
  context: '',
  tables: {},
  lists: {},
  rowsFrom: {},
  rowsUntil: {},
  user: {},
  known: 0,
}

/** Users leave a trace through `apply`, as the projections would make it. */
export class FakeRecommender implements Recommender {
  readonly history = new Map<string, Interaction[]>()
  readiness: ReturnType<Recommender['ready']> = { ready: true }
  degraded: string[] = []

  apply(event: Interaction): void {
    this.history.set(event.userId, [event, ...(this.history.get(event.userId) ?? [])])
  }

  async recommend(request: RecommendRequest): Promise<Slate> {
    const session = request.items?.map((itemId) => ({ itemId, kind: 'watched' as const }))
    const history = session?.toReversed() ?? this.history.get(request.userId) ?? []
    const seen = new Set([...history.map((event) => event.itemId), ...(request.exclude ?? [])])
    const items = catalogue
      .filter((item) => !seen.has(item.itemId))
      .filter((item) => !request.category || item.genres?.includes(request.category))
      .map((item) => slateItem(item, history, request.explain ?? false))
      .sort((a, b) => b.score - a.score)
      .slice(0, request.k)
    return {
      requestId: randomUUID(),
      userId: request.userId,
      release: 'live',
      degraded: this.degraded,
      items,
      stagesMs: { candidates: 0.4, blend: 0.2 },
      ...(request.features && { features: FEATURES }),
      ...(request.debug && {
        debug: {
          streamTime: 978300760000,
          historyLength: history.length,
          candidates: { genres: catalogue.length },
          removed: { seen: [...seen] },
          stagesMs: { candidates: 0.4, blend: 0.2 },
        },
      }),
    }
  }

  async similar(itemId: string, k: number): Promise<SlateItem[] | undefined> {
    const item = this.item(itemId)
    if (!item) return undefined
    const { items } = await this.recommend({ userId: 'nobody', k, items: [itemId] })
    return [...items]
  }

  async neighbours(itemId: string, k: number): Promise<ItemNeighbours | undefined> {
    const item = this.item(itemId)
    if (!item) return undefined
    const similar = (await this.similar(itemId, k))!
    const neighbours = similar.map((other) => ({ itemId: other.itemId, title: other.title, score: other.score }))
    return { itemId, title: item.title, release: 'live', spaces: [{ name: 'co-visitation', neighbours }] }
  }

  async popular(k: number, by: 'popularity' | 'trend'): Promise<SlateItem[]> {
    const ordered = by === 'trend' ? catalogue.toReversed() : catalogue
    return ordered.slice(0, k).map((item) => slateItem(item, [], false))
  }

  async user(userId: string): Promise<UserView | undefined> {
    const history = this.history.get(userId)
    if (!history) return undefined
    return {
      userId,
      attributes: {},
      history: history.map(({ itemId, kind, value, at }) => ({
        itemId,
        kind,
        at,
        title: this.item(itemId)?.title ?? itemId,
        ...(value !== undefined && { value }),
      })),
      features: {
        count: history.length,
        meanValue: null,
        valueVariance: null,
        meanYear: null,
        lastAt: history[0]?.at ?? null,
        genres: [],
      },
    }
  }

  async historyVersions(userIds: readonly string[]): Promise<string[]> {
    return userIds.map((userId) => String(this.history.get(userId)?.length ?? 0))
  }

  async someUsers(k: number, prefix = ''): Promise<UserSummary[]> {
    return [...this.history]
      .filter(([userId]) => userId.startsWith(prefix))
      .slice(0, k)
      .map(([userId, { length }]) => ({ userId, count: length }))
  }

  async inspect(userId: string, { target, k }: { target?: string; k: number }): Promise<Inspection> {
    const { items, release } = await this.recommend({ userId, k })
    const best = items.map(({ itemId, title, score }, index) => ({ itemId, title, rank: index + 1, score }))
    const list = { name: 'genres', candidates: best.length, best }
    const seen = this.history.get(userId)?.some(({ itemId }) => itemId === target) ?? false
    return {
      userId,
      release,
      streamTime: 978300760000,
      degraded: this.degraded,
      history: (await this.user(userId))?.history ?? [],
      sources: [{ ...list, weight: 1 }],
      removed: [],
      stages: [{ ...list, name: 'blend' }],
      ...(target !== undefined && {
        target: {
          itemId: target,
          title: this.item(target)?.title ?? target,
          verdict: this.item(target) ? (seen ? 'removed' : 'not-retrieved') : 'unknown',
          reason: 'As the fake has it.',
          ...(seen && { removedBy: 'seen' }),
          sources: [{ name: 'genres', rank: null, tied: 0, score: 0, of: best.length, contribution: 0 }],
          stages: [
            {
              name: 'blend',
              rank: null,
              tied: 0,
              score: 0,
              of: best.length,
              negatives: { n: 0, mean: 0, deviation: 0, max: 0, beaten: 0 },
            },
          ],
        },
      }),
    }
  }

  item(itemId: string): Item | undefined {
    return catalogue[Number(itemId) - 1]
  }

  ready(): ReturnType<Recommender['ready']> {
    return this.readiness
  }
}

function slateItem(item: Item, history: readonly Pick<Interaction, 'itemId' | 'kind'>[], explain: boolean): SlateItem {
  const votes = history.slice(0, 10).map((event, i) => {
    const other = catalogue[Number(event.itemId) - 1]
    const common = item.genres?.filter((genre) => other?.genres?.includes(genre)).length ?? 0
    return { title: other?.title ?? '', itemId: event.itemId, weight: common * (WEIGHT[event.kind] ?? 1) * 0.8 ** i }
  })
  const strongest = votes.toSorted((a, b) => b.weight - a.weight)[0]
  const popularity = 1 / (1 + Number(item.itemId) / 20)
  const affinity = votes.reduce((sum, vote) => sum + vote.weight, 0)
  const because = strongest && strongest.weight > 0 ? strongest : undefined
  const rising = Number(item.itemId) % 3 === 0
  return {
    ...item,
    score: popularity + affinity,
    section: because ? `Because of ${because.title}` : rising ? 'Rising now' : 'Popular with everyone',
    reason: because
      ? `Shares ${item.genres?.[0]} with ${because.title}.`
      : rising
        ? 'Rising this week.'
        : 'Liked by many.',
    sources: [{ name: because ? 'genres' : 'popular', rank: 1, score: popularity }],
    ...(explain && {
      explanation: { because: because ? [{ ...because, weight: 1 }] : [], features: { popularity, affinity } },
    }),
  }
}

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index
}
