import util from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import { TributaryError } from '../errors.ts'
import { registerGradients } from './gradients.ts'

export type TensorFlowBackend = 'tensorflow' | 'wasm'

const started = new Map<TensorFlowBackend, Promise<void>>()
let inUse: Promise<TensorFlowBackend> | undefined

/** The backend in use, else the native library where it is installed, else WebAssembly. */
export function openTensorFlow(): Promise<TensorFlowBackend> {
  inUse ??= setBackend('tensorflow').catch(() => setBackend('wasm'))
  return inUse
}

/**
 * From now on this backend alone is used.
 *
 * @throws UNAVAILABLE where it does not start
 */
export function openBackend(name: TensorFlowBackend): Promise<TensorFlowBackend> {
  inUse = setBackend(name)
  return inUse
}

async function setBackend(name: TensorFlowBackend): Promise<TensorFlowBackend> {
  let starting = started.get(name)
  if (!starting) {
    starting = start(name)
    started.set(name, starting)
  }
  await starting
  await tf.setBackend(name)
  return name
}

async function start(name: TensorFlowBackend): Promise<void> {
  try {
    if (name === 'tensorflow') {
      // tfjs-node still calls what Node 23 took out.
      Object.assign(util, { isNullOrUndefined: (value: unknown) => value === undefined || value === null })
      await import('@tensorflow/tfjs-node')
    } else {
      await import('@tensorflow/tfjs-backend-wasm')
      registerGradients()
    }
    if (await tf.setBackend(name)) return
  } catch (error) {
    throw new TributaryError('UNAVAILABLE', `TensorFlow.js does not start on its backend ${name}`, { name }, error)
  }
  throw new TributaryError('UNAVAILABLE', `TensorFlow.js does not start on its backend ${name}`, { name })
}
