import { describe } from 'vitest'
import { IMAGES, type Variable } from './server.ts'

/**
 * `describe` for what needs servers. Where there is neither an address in the environment nor a container engine, it is
 * skipped with a word about it; with TRIBUTARY_REQUIRE_INTEGRATION=1 it runs and fails.
 */
export async function describeWith(servers: readonly Variable[], title: string, body: () => void): Promise<void> {
  const missing = servers.filter((variable) => !process.env[variable])
  if (missing.length === 0) describe(title, body)
  else await describeWithEngine(title, missing, body, `, or give the address of a server in ${missing.join(' and ')}`)
}

/** The same for what no server elsewhere will do for. */
export async function describeWithEngine(
  title: string,
  servers: readonly Variable[],
  body: () => void,
  otherwise = '',
): Promise<void> {
  const why = process.env.TRIBUTARY_REQUIRE_INTEGRATION === '1' ? undefined : await whyNot(servers)
  if (why === undefined) {
    describe(title, body)
    return
  }
  console.warn(`SKIPPED: ${title}. ${why}${otherwise}.`)
  describe.skip(title, body)
}

/** What is missing for containers of these servers, as a sentence without its end; undefined where nothing is. */
async function whyNot(servers: readonly Variable[]): Promise<string | undefined> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  const engine = await getContainerRuntimeClient().catch(() => undefined)
  if (!engine) return 'Start Docker'
  for (const server of servers) {
    const image = ImageName.fromString(IMAGES[server])
    if (await engine.image.exists(image)) continue
    const pulled = await engine.image.pull(image).then(
      () => true,
      () => false,
    )
    if (!pulled) return `${image.string} cannot be pulled: name another image in ${server.split('_')[0]}_IMAGE`
  }
  return undefined
}
