/**
 * The inner product of `length` numbers of both. Four sums, so that no addition waits for the one before.
 * @param aFrom where they begin in `a`
 */
export function innerProduct(a: Float32Array, aFrom: number, b: Float32Array, bFrom: number, length: number): number {
  const whole = length - (length % 4)
  let [first, second, third, fourth] = [0.0, 0.0, 0.0, 0.0]
  for (let i = 0; i < whole; i += 4) {
    first += a[aFrom + i]! * b[bFrom + i]!
    second += a[aFrom + i + 1]! * b[bFrom + i + 1]!
    third += a[aFrom + i + 2]! * b[bFrom + i + 2]!
    fourth += a[aFrom + i + 3]! * b[bFrom + i + 3]!
  }
  for (let i = whole; i < length; i++) first += a[aFrom + i]! * b[bFrom + i]!
  return first + second + third + fourth
}
