import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { asTributaryError, isRetriable, typeOf } from '../../src/broker/kafka-errors.ts'
import { TributaryError } from '../../src/errors.ts'

const answered = (type: string, retriable = false) =>
  Object.assign(new kafkajs.KafkaJSProtocolError(new Error(type)), { type, retriable })

/** Their constructors are not typed as they are. */
const thrown = (name: string, message: string) => Object.assign(new Error(message), { name, retriable: false })

const codeOf = (error: Error) => asTributaryError('do it', '127.0.0.1:9092', error).code

describe('an error of Kafka', () => {
  it('may be tried again when the cluster or the connection will come round', () => {
    const passing = [
      answered('NOT_LEADER_FOR_PARTITION', true),
      answered('NOT_COORDINATOR_FOR_GROUP'),
      answered('OUT_OF_ORDER_SEQUENCE_NUMBER'),
      new kafkajs.KafkaJSConnectionError('Connection error: connect ECONNREFUSED', {}),
      thrown('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator'),
      new Error('Broker not connected'),
    ]
    expect(passing.map(codeOf)).toEqual(passing.map(() => 'UNAVAILABLE'))
    expect(passing.every((error) => asTributaryError('do it', '', error).retriable)).toBe(true)
  })

  it('is final otherwise, and whose fault it is can be told', () => {
    expect(codeOf(answered('TOPIC_AUTHORIZATION_FAILED'))).toBe('BAD_USAGE')
    expect(codeOf(thrown('KafkaJSSASLAuthenticationError', 'SASL PLAIN authentication failed'))).toBe('BAD_USAGE')
    expect(codeOf(answered('MESSAGE_TOO_LARGE'))).toBe('BAD_INPUT')
    expect(codeOf(answered('OFFSET_OUT_OF_RANGE'))).toBe('INTERNAL')
    expect(codeOf(thrown('KafkaJSNotImplemented', 'Snappy compression not implemented'))).toBe('INTERNAL')
    expect(codeOf(new TypeError('undefined is not a function'))).toBe('INTERNAL')
  })

  it('is known by what it is about, however it is wrapped', () => {
    const wrapped = new Error('Retries exceeded', { cause: answered('REBALANCE_IN_PROGRESS', true) })
    expect(typeOf(wrapped)).toBe('REBALANCE_IN_PROGRESS')
    expect(isRetriable(wrapped)).toBe(true)
    const ours = new TributaryError('FENCED', 'a newer owner')
    expect(asTributaryError('do it', '', ours)).toBe(ours)
  })

  it('says what cannot be done, where, and what to look at', () => {
    const { message } = asTributaryError(
      'write to the log',
      'kafka:9092',
      new kafkajs.KafkaJSConnectionError('gone', {}),
    )
    expect(message).toMatch(/^cannot write to the log, Kafka at kafka:9092: gone\. Is it running/)
  })
})
