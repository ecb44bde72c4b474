import { createFakeServer } from '../fakes/fake-server.ts'

export interface Program {
  /** Without a slash at the end. */
  readonly baseUrl: string
  stop(): Promise<void>
}

/** The server with its page over a fake recommender, which hears of feedback a little later. */
export async function startProgram(): Promise<Program> {
  const { app } = await createFakeServer({}, 15)
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  return { baseUrl, stop: () => app.close() }
}
