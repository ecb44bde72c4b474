import { expect, it } from 'vitest'
import { addAblation, emptyAblation, retrieve } from '../../src/evaluation/ablation.ts'
import { Blend } from '../../src/retrieval/blend.ts'
import type { CandidateSource, RequestContext } from '../../src/retrieval/sources/candidate-source.ts'

const ITEMS = 121
const TARGET = 0

it('takes away what a source adds to the blend, whatever the scale of its scores', () => {
  // The one that knows the target has tiny scores; the other has 120 items that would come before it without that one.
  const knows = sourceOf('knows', 1, [[TARGET, 0.001]])
  const others = Array.from({ length: ITEMS - 1 }, (_, at): [number, number] => [at + 1, 1])
  const blend = new Blend([knows, sourceOf('others', 0.5, others)])
  const context = { history: [] } as unknown as RequestContext
  const scored = { context, ...blend.run(context, ITEMS) }
  const unseen = Int32Array.from({ length: ITEMS }, (_, item) => item)
  const scratch = new Float64Array(ITEMS)
  const ablation = emptyAblation(2)
  addAblation(ablation, scored, retrieve(scored, unseen, scratch), [TARGET], unseen, scratch)
  expect(ablation.blend).toBe(1)
  expect([...ablation.without]).toEqual([0, 1])
  expect([...ablation.alone]).toEqual([1, 0])
})

function sourceOf(name: string, weight: number, scores: readonly [item: number, score: number][]): CandidateSource {
  return {
    name,
    weight,
    section: name,
    propose: (_, into) => {
      for (const [item, score] of scores) into.add(item, score)
    },
  }
}
