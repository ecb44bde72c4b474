import { describe, expect, it } from 'vitest'
import { describeConfig, loadConfig } from '../../src/config/config.ts'

describe('loadConfig', () => {
  it('takes flags over the environment over defaults', () => {
    const env = { TRIBUTARY_PORT: '9000', TRIBUTARY_HOST: '0.0.0.0' }
    expect(loadConfig({ port: '9001' }, env)).toMatchObject({ port: 9001, host: '0.0.0.0', partitions: 4 })
  })

  it('names every problem at once, by the flag or variable that has it', () => {
    const env = { TRIBUTARY_PARTITIONS: '0', REDIS_URL: 'not a url', KAFKA_SSL: 'perhaps' }
    expect(() => loadConfig({ port: '70000' }, env)).toThrow(
      expect.objectContaining({
        code: 'BAD_USAGE',
        message: expect.stringMatching(
          /--port=70000[\s\S]*TRIBUTARY_PARTITIONS=0[\s\S]*KAFKA_SSL=perhaps[\s\S]*REDIS_URL=/,
        ),
      }),
    )
  })

  it('reads lists, switches and choices', () => {
    const env = { KAFKA_BROKERS: 'a:9092, b:9092,', KAFKA_SSL: 'true', KAFKA_SASL_MECHANISM: 'plain' }
    expect(loadConfig({}, env)).toMatchObject({
      kafkaBrokers: ['a:9092', 'b:9092'],
      kafkaSsl: true,
      kafkaSaslMechanism: 'plain',
    })
  })

  it('hides secrets when it describes itself', () => {
    const env = { KAFKA_PASSWORD: 'hunter2', REDIS_URL: 'redis://me:hunter2@localhost' }
    const text = describeConfig(loadConfig({}, env))
    expect(text).toContain('kafka-password=***')
    expect(text).not.toContain('hunter2')
  })
})
