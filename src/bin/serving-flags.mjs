/**
 * Who answers requests makes garbage that is young. Left alone, V8's nursery grows to 64 MiB, and what is read from the
 * state, outside of the heap and held by what lies there, makes collections of the whole heap due long before it is full.
 */
export const SERVING_FLAGS = ['--max-semi-space-size=8']
