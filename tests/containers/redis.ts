import { GenericContainer, Wait } from 'testcontainers'
import { freePort, given, IMAGES, serverIn, type TestServer } from './server.ts'

/** A Redis as it is meant to run: every second's writes are on disk. */
export function startRedis(): Promise<TestServer> {
  return given('REDIS_URL', async () => {
    const port = await freePort()
    const container = await new GenericContainer(IMAGES.REDIS_URL)
      .withExposedPorts({ container: 6379, host: port })
      .withCommand(['redis-server', '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec'])
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start()
    return serverIn(container, `redis://127.0.0.1:${port}`)
  })
}

export interface RedisCluster {
  /** The three masters. */
  readonly nodes: readonly string[]
  /** Moves every slot of one master to another; both by their place in `nodes`. */
  moveSlots(from: number, to: number): Promise<void>
  stop(): Promise<void>
}

/**
 * A cluster of three masters, in one container: they announce 127.0.0.1, which then means the same to themselves and,
 * by way of the published ports, to us.
 */
export async function startRedisCluster(): Promise<RedisCluster> {
  const ports = [await freePort(), await freePort(), await freePort()]
  const start = ports.map(
    (port, i) =>
      `redis-server --port ${port} --cluster-enabled yes --cluster-config-file /tmp/nodes-${i}.conf ` +
      `--cluster-announce-ip 127.0.0.1 --cluster-port ${17_000 + i} --protected-mode no --save '' --daemonize yes`,
  )
  const addresses = ports.map((port) => `127.0.0.1:${port}`)
  const create = `redis-cli --cluster create ${addresses.join(' ')} --cluster-yes`
  const container = await new GenericContainer(IMAGES.REDIS_URL)
    .withExposedPorts(...ports.map((port) => ({ container: port, host: port })))
    .withCommand(['sh', '-c', [...start, 'sleep 1', create, 'exec sleep infinity'].join(' && ')])
    .withWaitStrategy(Wait.forLogMessage(/All 16384 slots covered/))
    .start()
  const idOf = async (i: number) => {
    const { output } = await container.exec(['redis-cli', '-p', `${ports[i]}`, 'cluster', 'myid'])
    return output.trim()
  }
  return {
    nodes: addresses.map((address) => `redis://${address}`),
    moveSlots: async (from, to) => {
      const options = ['--cluster-from', await idOf(from), '--cluster-to', await idOf(to), '--cluster-slots', '5462']
      const { exitCode, output } = await container.exec([
        ...['redis-cli', '--cluster', 'reshard', addresses[0]!, '--cluster-yes'],
        ...options,
      ])
      if (exitCode !== 0) throw new Error(`slots cannot be moved: ${output}`)
    },
    stop: async () => void (await container.stop()),
  }
}
