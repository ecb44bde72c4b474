import { afterAll, beforeAll } from 'vitest'
import { openKafkaBroker } from '../../src/broker/kafka-broker.ts'
import { startKafka } from '../containers/kafka.ts'
import { describeWith, type TestServer } from '../containers/server.ts'
import { brokerSuite } from './broker.suite.ts'

const PARTITIONS = 4

await describeWith(['KAFKA_BROKERS'], 'Kafka', () => {
  let server: TestServer
  const topicPrefix = `test-${Date.now().toString(36)}-`
  const open = () =>
    openKafkaBroker({ brokers: server.address.split(','), partitions: PARTITIONS, topicPrefix, clientId: 'test' })

  beforeAll(async () => {
    server = await startKafka()
  })
  afterAll(() => server.stop())

  brokerSuite({
    name: 'Kafka',
    open: async () => {
      let broker = await open()
      return {
        broker,
        reopen: async () => {
          await broker.close()
          broker = await open()
          return broker
        },
        close: () => broker.close(),
      }
    },
  })
})
