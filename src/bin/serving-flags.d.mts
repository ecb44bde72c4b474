export declare const SERVING_FLAGS: readonly string[]
