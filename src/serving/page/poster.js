// A poster drawn from the title alone: always the same for one title, different from its neighbours.

const SVG = 'http://www.w3.org/2000/svg'

/** Each draws on a field of 120 × 180, from a number that varies with the title. */
const MOTIFS = [
  (n) => [
    circle(60, 62, 26 + (n % 14)),
    path('M0 118c30-14 44 12 70 2s32-8 50-2'),
    path('M0 136c30-14 44 12 70 2s32-8 50-2'),
  ],
  (n) => [0, 1, 2, 3].map((i) => circle(26 + (n % 70), 70, 14 + i * 17)),
  (n) => [0, 1, 2, 3, 4].map((i) => path(`M${-60 + i * 34 + (n % 20)} 190L${40 + i * 34 + (n % 20)} -10`)),
  (n) => [path(`M-4 150L${28 + (n % 12)} 70l24 46 22-30 54 66`), circle(84 - (n % 50), 40, 13)],
  (n) => [0, 1, 2, 3].map((i) => path(`M${-10 + i * 12} -6c${60 + (n % 30)} 60-20 90 40 ${130 + i * 8}`)),
  (n) => [0, 1, 2, 3, 4, 5].map((i) => path(`M60 74L${60 + 150 * Math.cos(i + n)} ${74 + 150 * Math.sin(i + n)}`)),
]

/** The hue, 0 to 359, that stands for a title everywhere on the page. */
export function hueOf(title) {
  return hash(title) % 360
}

export function drawPoster(title) {
  const number = hash(title)
  const svg = shape('svg', { viewBox: '0 0 120 180', preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true' })
  svg.append(...MOTIFS[(number >>> 9) % MOTIFS.length](number >>> 13))
  return svg
}

const circle = (cx, cy, r) => shape('circle', { cx, cy, r })
const path = (d) => shape('path', { d })

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

/** FNV-1a, with its bits mixed once more: titles that differ in a letter must not look alike. */
function hash(text) {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value ^= value >>> 15
  value = Math.imul(value, 0x2c1b3c6d)
  return (value ^ (value >>> 12)) >>> 0
}
