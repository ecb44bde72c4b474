import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBroker } from '../../src/bin/adapters.ts'
import { serveConsumerMetrics } from '../../src/bin/consumer-metrics.ts'
import { NOTHING_CONSUMED } from '../../src/bin/roles/consume.ts'
import { type Serving, serve } from '../../src/bin/roles/serve.ts'
import { loadConfig } from '../../src/config/config.ts'
import { encode } from '../../src/events/codec.ts'

interface Panel {
  readonly title: string
  readonly datasource: { readonly uid: string }
  readonly targets: readonly { readonly expr: string }[]
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const panels: readonly Panel[] = JSON.parse(read('deploy/grafana/dashboards/tributary.json')).panels

/** What /metrics of a server and of a consumer show, once something has been asked. */
let metrics: string

describe('the dashboard in deploy', () => {
  const home = mkdtempSync(join(tmpdir(), 'tributary-'))
  let serving: Serving

  beforeAll(async () => {
    const config = { ...loadConfig({ home }, {}), port: 0 }
    const broker = await openBroker(config)
    await broker.produce('items', [{ key: 'i1', value: encode('items', { itemId: 'i1', title: 'A film' }) }])
    await broker.close()
    serving = await serve(config, { onError: () => {}, onMessage: () => {} })
    await fetch(`${serving.url}/recommend?user=u`)
    const body = JSON.stringify({ userId: 'u', itemId: 'i1', kind: 'like' })
    await fetch(`${serving.url}/feedback`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const consumer = await serveConsumerMetrics({ host: '127.0.0.1', port: 0 }, () => NOTHING_CONSUMED)
    const texts = await Promise.all(
      [`${serving.url}/metrics`, consumer.url].map(async (url) => (await fetch(url)).text()),
    )
    consumer.close()
    metrics = texts.join('\n')
  })
  afterAll(async () => {
    await serving?.close()
    rmSync(home, { recursive: true, force: true })
  })

  it('asks for nothing but metrics that servers and consumers show', () => {
    const asked = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(METRIC) ?? [])))
    expect(asked.size).toBeGreaterThan(8)
    const known = new Set([...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!))
    const unknown = [...asked].filter(
      (name) => !known.has(name) && !known.has(name.replace(/_(bucket|sum|count)$/, '')),
    )
    expect(unknown).toEqual([])
  })

  it('groups and filters by labels that those metrics have', () => {
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const labels = [
          ...[...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(/, */)),
          ...[...expr.matchAll(/[{,] *(\w+)=~?"/g)].map(([, name]) => name!),
        ].filter((label) => !OF_PROMETHEUS.includes(label))
        for (const name of expr.match(METRIC) ?? []) {
          const samples = metrics.split('\n').filter((line) => line.startsWith(`${name}{`))
          if (samples.length === 0) continue
          for (const label of labels) expect(samples[0], `${title}: ${label} of ${name}`).toContain(`${label}="`)
        }
      }
    }
  })

  it('reads from the data source that is provisioned, whose address compose and Prometheus know', () => {
    const source = read('deploy/grafana/provisioning/datasources/prometheus.yml')
    const uid = /uid: (\w+)/.exec(source)![1]
    for (const { datasource } of panels) expect(datasource.uid).toBe(uid)
    const compose = read('docker-compose.yml')
    expect(compose).toMatch(/^ {2}prometheus:$/m)
    expect(source).toContain('http://prometheus:9090')
    const scraped = [...read('deploy/prometheus.yml').matchAll(/names: \[(\w+)\], type: A, port: (\d+)/g)]
    expect(scraped.map(([, name]) => name)).toEqual(['serve', 'consume'])
    for (const [, name, port] of scraped) {
      const service = new RegExp(`^  ${name}:\n(?:(?:    .*)?\n)+`, 'm').exec(compose)![0]
      expect(service).toContain(port)
    }
  })
})

const METRIC = /\b(?:tributary|nodejs|process)_\w+/g
/** Given to every sample when it is scraped, or part of a histogram. */
const OF_PROMETHEUS = ['instance', 'job', 'le']
