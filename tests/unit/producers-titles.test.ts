import { expect, it } from 'vitest'
import { parseTitle } from '../../src/producers/datasets/title.ts'

it.each([
  ['Matrix, The (1999)', 'The Matrix', 1999],
  ['Bronx Tale, A (1993)', 'A Bronx Tale', 1993],
  ['Awfully Big Adventure, An (1995)', 'An Awfully Big Adventure', 1995],
  ["Enfer, L' (1994)", "L'Enfer", 1994],
  ['Misérables, Les (1995)', 'Les Misérables', 1995],
  [
    'City of Lost Children, The (Cité des enfants perdus, La) (1995)',
    'The City of Lost Children (La Cité des enfants perdus)',
    1995,
  ],
  ["Star Maker, The (Uomo delle stelle, L') (1995)", "The Star Maker (L'Uomo delle stelle)", 1995],
  ['Postino, Il (The Postman) (1994)', 'Il Postino (The Postman)', 1994],
  [
    'Professional, The (a.k.a. Leon: The Professional) (1994)',
    'The Professional (a.k.a. Leon: The Professional)',
    1994,
  ],
  ['Ringu (a.k.a. Ring, The) (1998)', 'Ringu (a.k.a. The Ring)', 1998],
  ['Lord of the Rings: The Two Towers, The (2002)', 'The Lord of the Rings: The Two Towers', 2002],
  ['Maybe, Maybe Not (Bewegte Mann, Der) (1994)', 'Maybe, Maybe Not (Der Bewegte Mann)', 1994],
  ['Corrina, Corrina (1994)', 'Corrina, Corrina', 1994],
  ['Crazy, Stupid, Love. (2011)', 'Crazy, Stupid, Love.', 2011],
  ['(500) Days of Summer (2009)', '(500) Days of Summer', 2009],
  ['2001: A Space Odyssey (1968)', '2001: A Space Odyssey', 1968],
  ['Two Friends (1986) ', 'Two Friends', 1986],
  ['Land Before Time III (1995) (V)', 'Land Before Time III', 1995],
  ['Fireman, The (2009–2012)', 'The Fireman', 2009],
  ['Serial (2007-)', 'Serial', 2007],
  ['Babylon 5', 'Babylon 5', undefined],
  ['unknown', 'unknown', undefined],
  ['(1999)', '(1999)', 1999],
])('%j reads %j', (raw, title, year) => {
  expect(parseTitle(raw)).toEqual(year === undefined ? { title } : { title, year })
})
