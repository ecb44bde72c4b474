/** Three digits that say something. */
export function formatNumber(value) {
  if (value == null) return undefined
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(value === 0 || Number.isInteger(value) ? 0 : 2)
}
