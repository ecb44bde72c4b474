import type { FastifyInstance } from 'fastify'
import type { Broker } from '../../../broker/broker.ts'
import { TributaryError } from '../../../errors.ts'
import { type Feedback, publishFeedback } from '../../feedback.ts'
import type { ServingMetrics } from '../metrics.ts'
import { problems } from '../schemas.ts'

export interface FeedbackDependencies {
  readonly broker: Pick<Broker, 'produce'>
  readonly now: () => number
  readonly metrics: ServingMetrics
}

export function feedbackRoute(app: FastifyInstance, { broker, now, metrics }: FeedbackDependencies): void {
  app.post<{ Body: Feedback | Feedback[] }>(
    '/feedback',
    {
      schema: {
        summary: 'What a user did, one fact or a list; the recommendations follow at once',
        tags: ['recommend'],
        body: { $ref: 'feedback-request#' },
        response: { 202: { $ref: 'feedback-accepted#' }, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ body }, reply) => {
      const facts = Array.isArray(body) ? body : [body]
      try {
        const eventIds = await publishFeedback(broker, facts, now)
        metrics.feedback.inc({ outcome: 'accepted' }, facts.length)
        reply.code(202)
        return Array.isArray(body) ? { eventIds } : { eventId: eventIds[0] }
      } catch (error) {
        if (error instanceof TributaryError && error.retriable) {
          metrics.feedback.inc({ outcome: 'failed' }, facts.length)
        }
        throw error
      }
    },
  )
}
