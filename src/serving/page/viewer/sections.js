// The rows of a slate.

const MAX_BECAUSE = 3
const MIN_CARDS = 3
const BECAUSE = 'Because you watched '
const REST = 'Mixed discovery'

/**
 * Items by their section, in the order of each section's best. What would make a row of one or two cards stands together
 * in the last row.
 * @returns `{ key, title, items }` each. A row named after a film has the key of its place among such rows: when another
 *   film takes the place, most of the cards stay, and need not be drawn anew.
 */
export function rowsOf(items) {
  const sections = [...Map.groupBy(items, (item) => item.section)].map(([title, members]) => ({
    title,
    items: members,
  }))
  const named = sections.filter(({ title }) => title.startsWith(BECAUSE))
  const long = named.filter((section) => section.items.length >= MIN_CARDS).slice(0, MAX_BECAUSE)
  const rows = sections.filter(
    (section) => long.includes(section) || (!named.includes(section) && section.items.length >= MIN_CARDS),
  )
  const rest = sections.filter((section) => !rows.includes(section)).flatMap((section) => section.items)
  if (rest.length > 0) rows.push({ title: REST, items: rest })
  const keyOf = (section) => (long.includes(section) ? `${BECAUSE}${long.indexOf(section)}` : section.title)
  return rows.map((section) => ({ key: keyOf(section), ...section }))
}
