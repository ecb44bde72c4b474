import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { withInlineScripts, withPreloads } from './module-graph.ts'

export type Coding = 'br' | 'gzip' | 'identity'

/** One file of the page, in memory. */
export interface PageFile {
  readonly type: string
  /** Of the content, quoted as in an ETag. */
  readonly tag: string
  /** Compressed when first asked for. */
  as(coding: Coding): Promise<Buffer>
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** What packages contribute, as they ship it. */
const VENDOR: Record<string, string> = {
  'preact.js': 'preact',
  'hooks.js': 'preact/hooks',
  'htm.js': 'htm',
  'uplot.js': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
  'serif.woff2': '@fontsource/instrument-serif/files/instrument-serif-latin-400-normal.woff2',
  'sans.woff2': '@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2',
}

const FOLDER = new URL('../page/', import.meta.url)

/** Every file of the page by its path. The modules of the page need no build: an import map names the packages. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const own = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => extname(name) in TYPES)
    .map((name) => [`/${name}`, readFileSync(new URL(name, FOLDER))] as const)
  const vendor = Object.entries(VENDOR).map(([name, specifier]) => {
    const content = readFileSync(fileURLToPath(import.meta.resolve(specifier)))
    return [`/vendor/${name}`, content] as const
  })
  const contents = new Map([...own, ...vendor])
  const sources = new Map([...contents].map(([path, content]) => [path, content.toString('utf8')]))
  const document = withPreloads(withInlineScripts(sources.get('/index.html')!, sources), sources)
  contents.set('/index.html', Buffer.from(document))
  return new Map([...contents].map(([path, content]) => [path, pageFile(path, content)]))
}

function pageFile(name: string, content: Buffer): PageFile {
  const compressed = new Map<Coding, Promise<Buffer>>([['identity', Promise.resolve(content)]])
  return {
    type: TYPES[extname(name)]!,
    tag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    as(coding) {
      // Fonts are compressed already.
      const known = compressed.get(name.endsWith('.woff2') ? 'identity' : coding)
      if (known) return known
      const made = coding === 'br' ? brotli(content) : promisify(gzip)(content)
      compressed.set(coding, made)
      return made
    },
  }
}

function brotli(content: Buffer): Promise<Buffer> {
  return promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
}
