import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COLUMNS } from '../../src/event-log/event-log-batch.ts'
import { schemas } from '../../src/events/codec.ts'

const folder = new URL('../../schemas/migrations/', import.meta.url)
const files = readdirSync(folder).sort()
const sql = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n')

/** The part of the migrations that creates a table. */
function definitionOf(table: string): string {
  const definition = new RegExp(`CREATE TABLE IF NOT EXISTS ${table} \\(.*?;$`, 'ms').exec(sql)?.[0]
  if (!definition) throw new Error(`no migration creates ${table}`)
  return definition
}

describe('the migrations of the event log', () => {
  it('have a place in their order each', () => {
    expect(files.map((file) => Number(/^(\d{3})-[a-z-]+\.sql$/.exec(file)?.[1]))).toEqual(files.map((_, i) => i + 1))
  })

  it('can be repeated, whatever has been done already', () => {
    const created = sql.match(/^CREATE .*/gm)!
    expect(created.length).toBeGreaterThan(5)
    for (const statement of created) expect(statement).toContain(' IF NOT EXISTS ')
    for (const statement of sql.match(/ADD COLUMN .*/g)!) expect(statement).toContain(' IF NOT EXISTS ')
  })

  it('know every kind of interaction', () => {
    const { enum: kinds } = schemas.find(({ $id }) => $id === 'kind') as { enum: string[] }
    const known = [...sql.matchAll(/kind\s+Enum8\(([^)]*)\)/g)].at(-1)![1]!
    expect(kinds.filter((kind) => !known.includes(`'${kind}' = `))).toEqual([])
  })

  it.each(['interactions', 'impressions'] as const)('have the columns that are written to %s', (table) => {
    const added = new Set(
      [...sql.matchAll(/^ALTER TABLE (\w+) ADD COLUMN (?:IF NOT EXISTS )?(\w+)/gm)].map(
        ([, of, column]) => `${of}.${column}`,
      ),
    )
    for (const column of COLUMNS[table]) {
      if (!added.has(`${table}.${column}`)) expect(definitionOf(table)).toMatch(new RegExp(`^ {2}${column} `, 'm'))
    }
  })

  it.each(['interactions', 'impressions'])('never partition %s, since one insert is to be one part', (table) => {
    expect(definitionOf(table)).not.toContain('PARTITION BY')
  })
})
