const STATIC_IMPORT = /^import\s(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm

/**
 * The modules that an entry imports, directly or not, in the order a browser would come to know of them: named in the
 * document, they are asked for at once instead of one level after another. What is imported only when it is needed
 * (`import()`) is not among them.
 * @param sources of the modules, by path
 * @param imports paths of what the import map names
 */
function modulesOf(
  entry: string,
  sources: ReadonlyMap<string, string>,
  imports: Readonly<Record<string, string>>,
): string[] {
  const found = new Set([entry])
  // A set is walked to what is added meanwhile.
  for (const path of found) {
    for (const [, specifier] of (sources.get(path) ?? '').matchAll(STATIC_IMPORT)) {
      found.add(imports[specifier!] ?? new URL(specifier!, `page:${path}`).pathname)
    }
  }
  found.delete(entry)
  return [...found]
}

/** The document with its `<script data-inline src>` in it: what is to run before anything else is asked for. */
export function withInlineScripts(document: string, sources: ReadonlyMap<string, string>): string {
  return document.replace(/<script data-inline src="([^"]+)">/g, (_, path) => `<script>${sources.get(path)!}`)
}

/** The document with a `<link rel="modulepreload">` for each module in the place it leaves for them. */
export function withPreloads(document: string, sources: ReadonlyMap<string, string>): string {
  const { imports } = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(document)![1]!)
  const entry = /<script type="module" src="([^"]+)">/.exec(document)![1]!
  const links = modulesOf(entry, sources, imports).map((path) => `<link rel="modulepreload" href="${path}">`)
  return document.replace('<!-- modules -->', links.join('\n    '))
}
