import type { FastifyInstance } from 'fastify'
import type { DiversifierName } from '../../../ranking/diversify.ts'
import type { Impressions } from '../../impressions.ts'
import type { Recommender, RecommendRequest, Slate } from '../../recommender.ts'
import type { ServingMetrics } from '../metrics.ts'
import { Problem } from '../problem.ts'
import { problems, querySchema } from '../schemas.ts'
import { idList } from '../validation.ts'

/** The user of sessions that name none; what is stored of them is never read, since they bring their history. */
const ANONYMOUS = 'anonymous'
const MAX_SESSION_ITEMS = 200
const MAX_EXCLUDED_ITEMS = 1000

interface RecommendQuery {
  user?: string
  k: number
  items?: string
  exclude?: string
  category?: string
  diversity: number
  diversifier: DiversifierName
  satisfaction: number
  novelty: number
  explain: boolean
  debug: boolean
}

export interface RecommendDependencies {
  readonly recommender: Recommender
  readonly impressions: Impressions
  readonly metrics: ServingMetrics
}

export function recommendRoute(app: FastifyInstance, dependencies: RecommendDependencies): void {
  const { recommender, impressions, metrics } = dependencies
  app.get<{ Querystring: RecommendQuery }>(
    '/recommend',
    {
      schema: {
        summary: 'Recommendations for a user, or for an anonymous session',
        tags: ['recommend'],
        querystring: querySchema('recommend'),
        response: { 200: { $ref: 'slate#' }, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const asked = recommendRequest(request.query)
      // What an anonymous session goes by stands in no log.
      const features = !asked.items && impressions.wantsFeatures
      const slate = await recommender.recommend({ ...asked, ...(features && { features }) })
      // The engine's own way to JSON takes half as long as one made of the schema.
      reply.type('application/json; charset=utf-8').send(JSON.stringify(answerOf(slate)))
      // The answer is on its way: what follows delays nobody.
      impressions.record(slate)
      observe(slate, metrics)
      return reply
    },
  )
}

/** A slate without what is not for who asked. */
function answerOf({ stagesMs, features, ...answer }: Slate): Omit<Slate, 'stagesMs' | 'features'> {
  return answer
}

function recommendRequest(query: RecommendQuery): RecommendRequest {
  const { user, k, category, diversity, diversifier, satisfaction, novelty, explain, debug } = query
  const items = idList('items', query.items, MAX_SESSION_ITEMS)
  const exclude = idList('exclude', query.exclude, MAX_EXCLUDED_ITEMS)
  if (user === undefined && items === undefined) {
    const detail = 'Query parameter user is missing: add it, or give the history of an anonymous session as items.'
    throw new Problem('invalid-parameter', detail, 'user')
  }
  return {
    userId: user ?? ANONYMOUS,
    k,
    diversity,
    diversifier,
    satisfaction,
    novelty,
    explain,
    debug,
    ...(items && { items }),
    ...(exclude && { exclude }),
    ...(category !== undefined && { category }),
  }
}

export function observe(slate: Slate, metrics: ServingMetrics): void {
  for (const missing of slate.degraded) metrics.degradedSlates.inc({ missing })
  let totalMs = 0
  for (const stage in slate.stagesMs) {
    totalMs += slate.stagesMs[stage]!
    metrics.stageSeconds.observe({ stage }, slate.stagesMs[stage]! / 1000)
  }
  metrics.stageSeconds.observe({ stage: 'total' }, totalMs / 1000)
}
