const ADJECTIVES =
  'Velvet Clockwork Borrowed Paper Thirteenth Sleepless Copper Invisible Upside-Down Melancholy Electric Forgotten ' +
  'Crooked Marble Whispering Reluctant Lunar Unlikely Hollow Gilded Barefoot Perpetual Salted Runaway Backwards ' +
  'Tangerine Occasional Woollen Secondhand Amphibious Polite Volcanic'
const NOUNS =
  'Walrus Teapot Lighthouse Accordion Umbrella Marmalade Zeppelin Orchard Postcard Turnip Astronaut Carousel Glacier ' +
  'Pelican Typewriter Staircase Harbour Beekeeper Locksmith Comet Tortoise Ballroom Windmill Cartographer Sardine ' +
  'Chandelier Lantern Submarine Understudy Meridian Rhubarb Balloonist'

const adjectives = ADJECTIVES.split(' ')
const nouns = NOUNS.split(' ')
const PAIRS = adjectives.length * nouns.length

/** Title number `index`, no two alike: plausible, and obviously made up. */
export function madeUpTitle(index: number): string {
  // a step that shares no factor with the number of pairs visits each of them once, far from its neighbours
  const pair = (index * 397) % PAIRS
  const adjective = adjectives[pair % adjectives.length]!
  const noun = nouns[Math.floor(pair / adjectives.length)]!
  const round = Math.floor(index / PAIRS)
  const base = round % 2 ? `${adjective} ${noun}` : `The ${adjective} ${noun}`
  const part = Math.floor(round / 2) + 1
  return part === 1 ? base : `${base} ${part}`
}
