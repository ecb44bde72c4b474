import { GenericContainer, Wait } from 'testcontainers'
import { freePort, given, IMAGES, serverIn, type TestServer } from './server.ts'

/** The address carries user, password and database. */
export function startClickHouse(): Promise<TestServer> {
  return given('CLICKHOUSE_URL', async () => {
    const port = await freePort()
    const container = await new GenericContainer(IMAGES.CLICKHOUSE_URL)
      .withExposedPorts({ container: 8123, host: port })
      .withEnvironment({ CLICKHOUSE_USER: 'tributary', CLICKHOUSE_PASSWORD: 'secret', CLICKHOUSE_DB: 'tributary' })
      .withWaitStrategy(Wait.forHttp('/ping', 8123))
      .withStartupTimeout(60_000)
      .start()
    return serverIn(container, `http://tributary:secret@127.0.0.1:${port}/tributary`)
  })
}
