import type { FastifyInstance } from 'fastify'
import type { Interaction } from '../../src/events/types.ts'
import { createServer, type ServerOptions } from '../../src/serving/http/server.ts'
import { FakeBroker } from './fake-broker.ts'
import { FakeRecommender } from './fake-recommender.ts'

export interface FakeServer {
  app: FastifyInstance
  recommender: FakeRecommender
  broker: FakeBroker
}

/** The real server over a fake recommender that hears of feedback from the fake broker `delayMs` later. */
export async function createFakeServer(options: Partial<ServerOptions> = {}, delayMs = 0): Promise<FakeServer> {
  const recommender = new FakeRecommender()
  const broker = new FakeBroker()
  broker.onProduce = (topic, messages) => {
    if (topic !== 'feedback') return
    const events: Interaction[] = messages.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    setTimeout(() => {
      for (const event of events) recommender.apply(event)
    }, delayMs)
  }
  // A busy machine makes every timer late: only who tests that refusal shall see it.
  const limits = { maxEventLoopLagMs: Number.POSITIVE_INFINITY, ...options.limits }
  const app = await createServer({ recommender, broker, ...options, limits })
  return { app, recommender, broker }
}
