import type { Tensors } from '../models/tensors.ts'
import { encodeParameters, type RankerParameters } from './ranker-parameters.ts'

/** The feature of a candidate that a network over all others is: its logit. */
export const NETWORK = 'network'
const PREFIX = `${NETWORK}/`

/** A network as a part of a model that stands on it. */
export function encodeNetwork(parameters: RankerParameters): Tensors {
  return new Map([...encodeParameters(parameters)].map(([name, tensor]) => [PREFIX + name, tensor]))
}

/** The tensors of the network that a model stands on; none where it stands on nothing. */
export function networkOf(tensors: Tensors): Tensors {
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), tensor] as const] : [],
    ),
  )
}

/**
 * (rows, columns + 1): `values` with a last column.
 * @param values (rows, columns)
 */
export function withColumn<Values extends Float32Array | Float16Array>(
  values: Values,
  column: ArrayLike<number>,
): Values {
  const rows = column.length
  const width = values.length / rows
  const wider = new (values.constructor as new (length: number) => Values)(values.length + rows)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) wider[row * (width + 1) + i] = values[row * width + i]!
    wider[row * (width + 1) + width] = column[row]!
  }
  return wider
}
