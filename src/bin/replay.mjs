#!/usr/bin/env node
// `replay …` is `tributary replay …`.
process.argv.splice(2, 0, 'replay')
await import('./tributary.mjs')
