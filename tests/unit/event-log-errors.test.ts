import { ClickHouseError } from '@clickhouse/client'
import { describe, expect, it } from 'vitest'
import { toTributaryError } from '../../src/event-log/sql-errors.ts'

const attempt = { doing: 'append to', where: 'ch:8123', refused: 'INTERNAL' } as const
const answer = (type: string) => new ClickHouseError({ message: 'Some text. ', code: '1', type })
const faulty = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('an error of the event log', () => {
  it.each([
    faulty('ECONNREFUSED'),
    faulty('ENOTFOUND'),
    new Error('socket hang up'),
    new Error('Timeout error.'),
    new Error('<html>502 Bad Gateway</html>'),
    answer('TOO_MANY_PARTS'),
    answer('TOO_MANY_SIMULTANEOUS_QUERIES'),
    answer('MEMORY_LIMIT_EXCEEDED'),
    answer('TABLE_IS_READ_ONLY'),
  ])('is retriable where waiting may help: %s', (cause) => {
    const error = toTributaryError(cause, attempt)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retriable: true, cause })
    expect(error.message).toContain('cannot append to the event log at ch:8123: ')
  })

  it.each([
    ['AUTHENTICATION_FAILED', 'check the user name and the password'],
    ['UNKNOWN_DATABASE', 'create the database'],
    ['ACCESS_DENIED', 'grant'],
  ])('says what to mend where the configuration is wrong: %s', (type, advice) => {
    const error = toTributaryError(answer(type), attempt)
    expect(error).toMatchObject({ code: 'BAD_USAGE', retriable: false, context: { clickHouseType: type } })
    expect(error.message).toContain(advice)
  })

  it('has the code of the attempt where ClickHouse refuses', () => {
    expect(toTributaryError(answer('SYNTAX_ERROR'), { ...attempt, refused: 'BAD_INPUT' }).code).toBe('BAD_INPUT')
    expect(toTributaryError(answer('TYPE_MISMATCH'), attempt)).toMatchObject({ code: 'INTERNAL', retriable: false })
  })

  it('does not take a bug for a fault of the network', () => {
    expect(toTributaryError(new TypeError('x is not a function'), attempt)).toMatchObject({ code: 'INTERNAL' })
  })
})
