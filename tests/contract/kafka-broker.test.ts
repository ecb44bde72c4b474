import { randomBytes, randomUUID } from 'node:crypto'
import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Broker, Consumer, Message, Subscription } from '../../src/broker/broker.ts'
import { type KafkaBrokerOptions, openKafkaBroker } from '../../src/broker/kafka-broker.ts'
import { createKafka } from '../../src/broker/kafka-client.ts'
import { KafkaCluster } from '../../src/broker/kafka-cluster.ts'
import { TributaryError } from '../../src/errors.ts'
import { describeWith } from '../containers/describe-with.ts'
import { startKafka } from '../containers/kafka.ts'
import type { TestServer } from '../containers/server.ts'
import { brokerSuite } from './broker.suite.ts'

const PARTITIONS = 4
const TIMEOUT_MS = 40_000

const until = (condition: () => void | Promise<void>) => vi.waitFor(condition, { timeout: TIMEOUT_MS, interval: 20 })
const message = (text: string, partition = 0): Message => ({ key: 'k', value: Buffer.from(text), partition })
const range = (end: number) => Array.from({ length: end }, (_, i) => i)

await describeWith(['KAFKA_BROKERS'], 'Kafka', () => {
  let server: TestServer | undefined
  let admin: Admin
  const topicPrefix = `test-${randomUUID().slice(0, 8)}-`
  const brokers = () => server!.address.split(',')
  const open = (given: Partial<KafkaBrokerOptions> = {}) =>
    openKafkaBroker({ brokers: brokers(), partitions: PARTITIONS, topicPrefix, clientId: 'test', ...given })

  beforeAll(async () => {
    server = await startKafka()
    admin = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
  })
  afterAll(async () => {
    if (!server) return
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(topicPrefix))
    await admin.deleteTopics({ topics })
    await admin.disconnect()
    await server.stop()
  })

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

  describe('the topics', () => {
    it('are created with retention, or compaction where the last message of a key is what counts', async () => {
      const prefix = `${topicPrefix}made-`
      const broker = await open({ topicPrefix: prefix, retentionMs: 86_400_000, replicationFactor: 1 })
      await broker.close()
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: ['ratings', 'items'].map((topic) => ({
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: prefix + topic,
          configNames: ['cleanup.policy', 'retention.ms'],
        })),
      })
      const configs = resources.map(({ configEntries }) =>
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      )
      expect(configs[0]).toEqual({ 'cleanup.policy': 'delete', 'retention.ms': '86400000' })
      expect(configs[1]).toMatchObject({ 'cleanup.policy': 'compact' })
    })

    it('are refused when they have another number of partitions', async () => {
      const prefix = `${topicPrefix}other-`
      await (await open({ topicPrefix: prefix })).close()
      await expect(open({ topicPrefix: prefix, partitions: 5 })).rejects.toMatchObject({
        code: 'BAD_USAGE',
        message: expect.stringMatching(/has 4 partitions, the configuration says 5/),
      })
    })

    it('can be made ready by several processes at once', async () => {
      const opened = await Promise.all(range(3).map(() => open({ topicPrefix: `${topicPrefix}raced-` })))
      await Promise.all(opened.map((broker) => broker.close()))
    })
  })

  it('says where there is no Kafka', async () => {
    await expect(open({ brokers: ['127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1\b.*ECONNREFUSED/),
    })
  })

  describe('with brokers of several processes', () => {
    const opened: Broker[] = []
    const another = async (given: Partial<KafkaBrokerOptions> = {}) => {
      const broker = await open(given)
      opened.push(broker)
      return broker
    }
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((broker) => broker.close()))
    })

    /** Where `ratings` ends now, as `assigned` answers it. */
    const fromTheEnd = async (broker: Broker) => {
      const bounds = await broker.bounds('ratings')
      return async (partition: number) => ({ ratings: bounds[partition]!.end })
    }

    const subscribe = (broker: Broker, given: Partial<Subscription>): Promise<Consumer> =>
      broker.subscribe({
        group: null,
        topics: ['ratings'],
        assigned: async () => ({}),
        handle: async () => {},
        revoked: async () => {},
        ...given,
      })

    const idsOf = async (group: string) => {
      const { groups } = await admin.describeGroups([group])
      return groups[0]!.members.map(({ memberId }) => memberId)
    }

    it('shares a group among them, and shows Kafka how far each has come', async () => {
      const [one, other] = [await another(), await another()]
      const group = `shared-${randomUUID()}`
      const assigned = await fromTheEnd(one)
      const handled: [string, number][] = []
      const join = (broker: Broker, name: string) =>
        subscribe(broker, {
          group,
          assigned,
          handle: async ({ partition, records }) => {
            for (const _ of records) handled.push([name, partition])
          },
        })
      await join(one, 'one')
      await join(other, 'other')
      const members = async () => (await admin.describeGroups([group])).groups[0]!
      await until(async () => {
        const assignments = (await members()).members.map(({ memberAssignment }) => memberAssignment.length)
        expect(assignments).toHaveLength(2)
        expect(assignments[0]).toBe(assignments[1])
      })
      const { members: described } = await members()
      const partitions = described.flatMap(({ memberAssignment }) =>
        Object.values(kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment).flat(),
      )
      expect(partitions.sort()).toEqual(range(PARTITIONS))
      await one.produce(
        'ratings',
        range(PARTITIONS).map((partition) => message('x', partition)),
      )
      await until(() => expect(handled).toHaveLength(PARTITIONS))
      expect(new Set(handled.map(([name]) => name)).size).toBe(2)
      const ends = (await one.bounds('ratings')).map(({ end }) => end)
      await until(async () => {
        const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [`${topicPrefix}ratings`] })
        const committed = offsets!.partitions.sort((a, b) => a.partition - b.partition)
        expect(committed.map(({ offset }) => Number(offset))).toEqual(ends)
      })
    })

    it('takes its position from the subscriber, whatever was committed to Kafka', async () => {
      const broker = await another()
      const group = `positions-${randomUUID()}`
      const assigned = await fromTheEnd(broker)
      for (const round of [1, 2]) {
        if (round === 1)
          await broker.produce(
            'ratings',
            range(10).map((i) => message(`${i}`)),
          )
        const texts: string[] = []
        const consumer = await subscribe(broker, {
          group,
          assigned,
          handle: async ({ records }) => void texts.push(...records.map(({ value }) => value.toString())),
        })
        await until(() => expect(texts).toEqual(range(10).map(String)))
        await consumer.stop()
      }
    })

    it('forgets a partition of which another has become the owner, until it is assigned anew', async () => {
      const broker = await another()
      const positions = await fromTheEnd(broker)
      let fenced = false
      const log: string[] = []
      const consumer = await subscribe(broker, {
        group: `fenced-${randomUUID()}`,
        maxBatchRecords: 5,
        assigned: async (partition) => {
          log.push(`assigned ${partition}`)
          return positions(partition)
        },
        handle: async ({ partition, records }) => {
          if (partition === 1 && !fenced) {
            fenced = true
            throw new TributaryError('FENCED', 'a newer owner')
          }
          log.push(`${records.length} of ${partition}`)
        },
        revoked: async (partition) => {
          log.push(`revoked ${partition}`)
          throw new TributaryError('FENCED', 'a newer owner')
        },
      })
      await until(() => expect(log).toHaveLength(PARTITIONS))
      await broker.produce('ratings', [...range(5).map(() => message('x', 1)), ...range(5).map(() => message('x', 2))])
      await until(() => expect(log).toContain('5 of 1'))
      const ofOne = log.filter((line) => line.endsWith(' 1'))
      expect(ofOne).toEqual(['assigned 1', 'revoked 1', 'assigned 1', '5 of 1'])
      expect(log.filter((line) => line.endsWith(' 2'))).toEqual(['assigned 2', '5 of 2'])
      await consumer.stop()
      await consumer.done
    })

    it('comes back when the group has taken it for dead', async () => {
      const broker = await another()
      const group = `dead-${randomUUID()}`
      const positions = await fromTheEnd(broker)
      const revoked: number[] = []
      const texts: string[] = []
      await subscribe(broker, {
        group,
        assigned: positions,
        handle: async ({ records }) => void texts.push(...records.map(({ value }) => value.toString())),
        revoked: async (partition) => void revoked.push(partition),
      })
      await until(async () => expect(await idsOf(group)).toHaveLength(1))
      const [memberId] = await idsOf(group)
      const access = { kafka: createKafka({ brokers: brokers() }), brokers: brokers().join(), topicPrefix }
      const cluster = await KafkaCluster.connect(access, ['ratings'])
      await (await cluster.coordinator(group)).leaveGroup({ groupId: group, memberId: memberId! })
      await cluster.disconnect()
      await until(async () => {
        expect(revoked.sort()).toEqual(range(PARTITIONS))
        expect(await idsOf(group)).not.toContain(memberId)
      })
      await broker.produce('ratings', [message('after')])
      await until(() => expect(texts).toContain('after'))
    })

    it('ends with BEHIND_LOG when the log is no longer the one it was reading', async () => {
      const prefix = `${topicPrefix}gone-`
      const broker = await another({ topicPrefix: prefix })
      await broker.produce(
        'ratings',
        range(20).map((i) => message(`${i}`)),
      )
      let handled = 0
      const consumer = await subscribe(broker, {
        handle: async ({ records }) => {
          handled += records.length
        },
      })
      const ended = expect(consumer.done).rejects.toMatchObject({
        code: 'BEHIND_LOG',
        context: { topic: 'ratings', partition: 0, offset: 20, begin: 0, end: 0 },
      })
      await until(() => expect(handled).toBe(20))
      await admin.deleteTopics({ topics: [`${prefix}ratings`] })
      await until(async () => {
        await admin.createTopics({ topics: [{ topic: `${prefix}ratings`, numPartitions: PARTITIONS }] })
        const offsets = await admin.fetchTopicOffsets(`${prefix}ratings`)
        expect(offsets.map(({ high }) => high)).toEqual(range(PARTITIONS).map(() => '0'))
      })
      await ended
    })

    it('refuses what is too large for Kafka, and goes on', async () => {
      const broker = await another()
      const [before] = await broker.bounds('ratings')
      await expect(
        broker.produce('ratings', [{ ...message(''), value: randomBytes(3_000_000) }]),
      ).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(/max\.message\.bytes/) })
      const positions = await broker.produce('ratings', [message('a'), message('b')])
      expect(positions.map(({ offset }) => offset)).toEqual([before!.end, before!.end + 1])
    })

    it('divides a call that is larger than a batch may be, and answers every position', async () => {
      const broker = await another()
      const other = await another()
      const messages = range(60_000).map((i) => message(`${i}`, i % PARTITIONS))
      const [positions] = await Promise.all([
        broker.produce('ratings', messages),
        ...range(20).map((i) => other.produce('ratings', [message(`other ${i}`, i % PARTITIONS)])),
      ])
      for (const i of [0, 1, 2, 29_999, 59_998, 59_999]) {
        const { partition, offset } = positions![i]!
        const [record] = await broker.read('ratings', partition, offset, 1)
        expect(record!.value.toString()).toBe(`${i}`)
      }
    })

    it('reads over what has been compacted away, from wherever it is asked to', async () => {
      const prefix = `${topicPrefix}compacted-`
      const broker = await another({ topicPrefix: prefix })
      const config = { 'cleanup.policy': 'compact', 'segment.ms': '50', 'min.cleanable.dirty.ratio': '0.001' }
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: `${prefix}items`,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          },
        ],
      })
      const upsert = (key: string, text: string) =>
        broker.produce('items', [{ key, value: Buffer.from(text), partition: 0 }])
      await upsert('kept', 'first of all')
      let last = 0
      await until(async () => {
        const [position] = await upsert('changing', 'again')
        last = position!.offset
        expect((await broker.read('items', 0, 0, 10)).map(({ offset }) => offset)).not.toContain(1)
      })
      const offsets = (await broker.read('items', 0, 0, 10_000)).map(({ offset }) => offset)
      expect(offsets.at(0)).toBe(0)
      expect(offsets.at(-1)).toBe(last)
      const [next] = await broker.read('items', 0, 1, 1)
      expect(next!.offset).toBeGreaterThan(1)
      expect((await broker.bounds('items'))[0]).toEqual({ begin: 0, end: last + 1 })
      for (const from of [0, 1]) {
        const handled: number[] = []
        const consumer = await subscribe(broker, {
          topics: ['items'],
          assigned: async (partition) => (partition === 0 ? { items: from } : {}),
          handle: async ({ records }) => void handled.push(...records.map(({ offset }) => offset)),
        })
        await until(() => expect(handled.at(-1)).toBe(last))
        expect(handled.includes(0)).toBe(from === 0)
        expect(offsets).toEqual(expect.arrayContaining(handled))
        await until(() => expect(consumer.lag()).toBe(0))
        await consumer.stop()
      }
    })

    it('loses and doubles nothing, and goes on, when the broker restarts', { timeout: 150_000 }, async ({ skip }) => {
      if (!server!.restarts) skip('the server is not ours to restart')
      const broker = await another()
      const assigned = await fromTheEnd(broker)
      const ended = await broker.bounds('ratings')
      const texts: string[] = []
      const consumer = await subscribe(broker, {
        group: `restart-${randomUUID()}`,
        assigned,
        handle: async ({ records }) => void texts.push(...records.map(({ value }) => value.toString())),
      })
      let restarted = false
      const restarting = server!.restart().then(() => {
        restarted = true
      })
      let produced = 0
      while (!restarted || produced < 1_000) {
        await broker.produce(
          'ratings',
          range(10).map((i) => message(`${produced + i}`)),
        )
        produced += 10
      }
      await restarting
      await until(() => expect(texts).toHaveLength(produced))
      expect(texts).toEqual(range(produced).map(String))
      expect((await broker.bounds('ratings'))[0]!.end - ended[0]!.end).toBe(produced)
      await consumer.stop()
      await consumer.done
    })
  })
})
