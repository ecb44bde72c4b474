// What is drawn on posters, as SVG: one idea a genre, on a field of 200 × 300 whose lower third belongs to the title. Shapes
// are of class a, b or c, the colours of the poster; `next` gives numbers from 0 to 1. A shape is `[class, path]`: what one
// class draws in a row becomes one element, because a page has hundreds of posters.

const path = (d, name) => [name, d]
const ellipse = (x, y, rx, ry, turn, name) => {
  const [dx, dy] = [rx * Math.cos((turn * Math.PI) / 180), rx * Math.sin((turn * Math.PI) / 180)]
  const half = (sign) => `a${rx} ${ry} ${turn} 1 0 ${2 * sign * dx} ${2 * sign * dy}`
  return path(`M${x - dx} ${y - dy}${half(1)}${half(-1)}z`, name)
}
const circle = (x, y, r, name) => ellipse(x, y, r, r, 0, name)
const bar = (x, y, width, height, name) => path(`M${x} ${y}h${width}v${height}h${-width}z`, name)
const many = (count, draw) => Array.from({ length: count }, (_, i) => draw(i))
/** Of shapes that do not overlap, or may in any order. */
const byClass = (shapes) => shapes.toSorted(([a], [b]) => a.localeCompare(b))
const between = (next, low, high) => low + (high - low) * next()

function planet(next) {
  const [x, y, r] = [between(next, 70, 130), between(next, 85, 110), between(next, 40, 56)]
  return [
    many(9, () => circle(200 * next(), 190 * next(), 1 + 1.4 * next(), 'c')),
    circle(x, y, r, 'a'),
    path(`M${x - r} ${y}a${r} ${r} 0 0 0 ${2 * r} 0z`, 'b'),
    ellipse(x, y, r * 1.6, r * 0.34, -18, 'line-c'),
  ]
}

function hills(next) {
  const [x, y] = [between(next, 60, 140), between(next, 70, 100)]
  const wave = (top, lift) =>
    `M0 ${top}C50 ${top - lift} 90 ${top + lift * 0.4} 130 ${top - lift * 0.2}S190 ${top - lift} 200 ${top - lift * 0.4}V300H0z`
  return [circle(x, y, between(next, 28, 44), 'b'), path(wave(150, 34), 'a'), path(wave(188, 26), 'deep')]
}

function arcs(next) {
  const columns = 3 + Math.floor(2 * next())
  const size = 200 / columns
  const shapes = many(columns * 3, (i) => {
    const [x, y] = [(i % columns) * size, 14 + Math.floor(i / columns) * size]
    const name = 'abc'[Math.floor(3 * next())]
    return next() < 0.5
      ? path(`M${x} ${y}a${size / 2} ${size / 2} 0 0 0 ${size} 0z`, name)
      : path(`M${x} ${y + size / 2}a${size / 2} ${size / 2} 0 0 1 ${size} 0z`, name)
  })
  return byClass(shapes.slice(0, columns * Math.floor(196 / size)))
}

function pair(next) {
  const [y, r] = [between(next, 88, 108), between(next, 46, 56)]
  return [circle(100 - r * 0.55, y, r, 'a'), circle(100 + r * 0.55, y, r, 'b half')]
}

function blades(next) {
  const shift = between(next, -30, 30)
  return [
    many(9, (i) =>
      path(
        `M${-121 + i * 44 + shift} 300L${20 + i * 44 + shift} -10h18L${-103 + i * 44 + shift} 300z`,
        i % 3 ? 'a' : 'b',
      ),
    ),
    circle(between(next, 60, 140), between(next, 60, 120), 24, 'c'),
  ]
}

function blinds(next) {
  return [
    circle(between(next, 70, 130), between(next, 80, 110), between(next, 48, 62), 'b'),
    many(9, (i) => bar(0, 14 + i * 21, 200, 10, 'ground')),
    bar(0, 196, 200, 3, 'a'),
  ]
}

function rings(next) {
  const [x, y] = [between(next, 70, 130), between(next, 80, 120)]
  return many(7, (i) =>
    circle(x + i * 3.2 * (next() - 0.5), y + i * 3, 92 - i * 13, i % 2 ? 'ground' : i % 4 ? 'b' : 'a'),
  )
}

function teeth(next) {
  const zigzag = (edge, depth) =>
    `M0 ${edge}${many(8, (i) => `L${i * 25 + 12.5} ${edge + depth * (0.6 + 0.5 * next())}L${(i + 1) * 25} ${edge}`).join('')}`
  return [
    circle(between(next, 60, 140), 100, between(next, 40, 52), 'b'),
    path(`${zigzag(0, 64)}V-10H0z`, 'a'),
    path(`${zigzag(206, -58)}V300H0z`, 'deep'),
  ]
}

function balloons(next) {
  const shapes = many(7, (i) => {
    const [x, y, r] = [24 + (i % 3) * 74 + 14 * next(), 40 + Math.floor(i / 3) * 56 + 18 * next(), 16 + 15 * next()]
    return [path(`M${x} ${y + r}q${6 - 12 * next()} 22 ${-4 + 8 * next()} 44`, 'line-c'), circle(x, y, r, 'abc'[i % 3])]
  })
  return [many(7, (i) => shapes[i][0]), byClass(many(7, (i) => shapes[i][1]))]
}

function chevrons(next) {
  const shift = between(next, 0, 20)
  const shapes = many(5, (i) =>
    path(
      `M0 ${40 + i * 38 + shift}L100 ${-14 + i * 38 + shift}L200 ${40 + i * 38 + shift}v18L100 ${4 + i * 38 + shift}L0 ${58 + i * 38 + shift}z`,
      i % 2 ? 'a' : 'b',
    ),
  )
  return byClass(shapes)
}

function waves(next) {
  const height = between(next, 16, 30)
  return many(6, (i) => {
    const y = 30 + i * 31
    return path(
      `M-10 ${y}${many(5, (n) => `q13 ${n % 2 ? height : -height} 44 0`).join('')}`,
      i % 2 ? 'line-b' : 'line-a',
    )
  })
}

function mesa(next) {
  const x = between(next, 30, 90)
  return [
    circle(between(next, 80, 150), 92, between(next, 40, 52), 'b'),
    path(`M0 172h${x}l8 -58h44l6 30h18l6 28h200V300H0z`, 'a'),
    path('M0 196h200v104H0z', 'deep'),
  ]
}

function peaks(next) {
  const [x, y] = [between(next, 60, 90), between(next, 50, 70)]
  return [
    circle(between(next, 130, 165), between(next, 40, 70), 20, 'c'),
    path(mountain(x, y, x + 20, 100), 'a'),
    path(`M${x - 22} ${y + 32}L${x} ${y}L${x + 21} ${y + 32}l-10 -7l-11 9l-10 -9z`, 'c'),
    path(mountain(x + 76, y + 52, x + 16, 154 - x), 'b half'),
  ]
}

/** Down to the foot of the poster; so wide to the left and to the right of its summit where it is 210 from the top. */
function mountain(x, y, left, right) {
  const more = (300 - y) / (210 - y)
  return `M${x - left * more} 300L${x} ${y}L${x + right * more} 300z`
}

function keyhole(next) {
  const x = between(next, 85, 115)
  return [
    bar(36, 16, 128, 190, 'a'),
    circle(x, 92, 27, 'ground'),
    path(`M${x - 12} 108h24l12 62h-48z`, 'ground'),
    circle(x, 92, 8, 'b'),
  ]
}

function dots(next) {
  const chosen = Math.floor(30 * next())
  const shapes = many(30, (i) =>
    circle(25 + (i % 5) * 37.5, 26 + Math.floor(i / 5) * 32, i === chosen ? 15 : 8, i === chosen ? 'b' : 'a'),
  )
  return byClass(shapes)
}

const OF_GENRE = {
  'Sci-Fi': planet,
  Drama: hills,
  Comedy: arcs,
  Romance: pair,
  Action: blades,
  Crime: blinds,
  'Film-Noir': blinds,
  Thriller: rings,
  Horror: teeth,
  "Children's": balloons,
  Children: balloons,
  Animation: balloons,
  War: chevrons,
  Musical: waves,
  Western: mesa,
  Adventure: peaks,
  Fantasy: peaks,
  Mystery: keyhole,
  Documentary: dots,
}
const ALL = [...new Set(Object.values(OF_GENRE))]
/** Said of so many films that another genre of theirs says more. */
const COMMON = ['Drama', 'Comedy', 'Action']

/**
 * As text, which browsers take in at once: building elements one by one takes several times as long.
 * @param seed chooses where no genre is known
 */
export function motifOf(genres, seed) {
  const known = genres.filter((genre) => genre in OF_GENRE)
  const telling = known.find((genre) => !COMMON.includes(genre)) ?? known[0]
  const draw = telling ? OF_GENRE[telling] : ALL[seed % ALL.length]
  return (next) => drawn(draw(next))
}

function drawn(motif) {
  const shapes = []
  for (const [name, d] of motif.flatMap((part) => (Array.isArray(part[0]) ? part : [part]))) {
    const last = shapes.at(-1)
    if (last?.name === name) last.d += d
    else shapes.push({ name, d })
  }
  return shapes.map(({ name, d }) => `<path class="${name}" d="${d}"/>`).join('')
}
