import { TributaryError } from '../errors.ts'
import type { Tensor, Tensors } from '../models/tensors.ts'

/** @throws CORRUPT where the model has no tensor of that name */
export function tensorOf(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name)
  if (!tensor)
    throw new TributaryError('CORRUPT', `a model has no tensor ${name}: it was trained by other code`, { name })
  return tensor
}
