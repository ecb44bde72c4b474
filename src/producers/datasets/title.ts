/**
 * MovieLens writes "City of Lost Children, The (Cité des enfants perdus, La) (1995)": articles at the end, the year in
 * parentheses. Answers { title: "The City of Lost Children (La Cité des enfants perdus)", year: 1995 }.
 */
export function parseTitle(raw: string): { readonly title: string; readonly year?: number } {
  const dated = /^(.*?)\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*(?:\((?:V|TV)\))?$/u.exec(raw.trim())
  const title = articlesFirst((dated?.[1] || raw).trim())
  return dated ? { title, year: Number(dated[2]) } : { title }
}

function articlesFirst(title: string): string {
  // a main title, then alternative titles in parentheses; anything else is taken as one title
  const parts = /^([^()]+?)((?:\s*\([^()]*\))+)$/u.exec(title)
  if (!parts) return articleFirst(title)
  const alternatives = parts[2]!.replaceAll(/\(([^()]*)\)/gu, (_, inner: string) => `(${articleFirst(inner.trim())})`)
  return articleFirst(parts[1]!) + alternatives
}

const ARTICLES = "The|A|An|La|Le|Les|L'|Il|Lo|Gli|El|Los|Las|Der|Die|Das|Det|Den|De|Het|Un|Una|Une|Ein|Eine|O"
const ARTICLE_LAST = new RegExp(`^(a\\.k\\.a\\.\\s+)?(.+), (${ARTICLES})$`, 'u')

function articleFirst(title: string): string {
  const match = ARTICLE_LAST.exec(title)
  if (!match) return title
  const [, known = '', rest, article] = match
  return `${known}${article}${article!.endsWith("'") ? '' : ' '}${rest}`
}
