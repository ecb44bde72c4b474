import { expect, it, vi } from 'vitest'
import { whenAvailable } from '../../src/bin/when-available.ts'
import { TributaryError } from '../../src/errors.ts'

const away = () => new TributaryError('UNAVAILABLE', 'Kafka is away.')

it('tries until the server is there, and says once what it waits for', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  let tries = 0
  const found = await whenAvailable(async () => {
    if (++tries < 3) throw away()
    return tries
  })
  expect(found).toBe(3)
  expect(said.mock.calls).toEqual([['Kafka is away. Trying again.']])
  said.mockRestore()
})

it('does not try again what waiting does not mend, nor after it was stopped', async () => {
  const action = vi.fn(() => Promise.reject(new TributaryError('BAD_USAGE', 'wrong password')))
  await expect(whenAvailable(action)).rejects.toThrow('wrong password')
  expect(action).toHaveBeenCalledTimes(1)
  const stopped = vi.fn(() => Promise.reject(away()))
  await expect(whenAvailable(stopped, AbortSignal.abort())).rejects.toThrow('away')
  expect(stopped).toHaveBeenCalledTimes(1)
})
