import { HistorySums, type HistoryWeights } from './history-sums.ts'
import type { ItemModelName, ItemModels } from './item-models.ts'
import type { Scorer } from './scorer.ts'

const WHOLE: HistoryWeights = { window: Number.POSITIVE_INFINITY, decay: 1 }

/** Models of item to item, over the whole of a history or its end. */
const SYSTEMS: Readonly<Record<string, { readonly model: ItemModelName; readonly weights: HistoryWeights }>> = {
  'item-cf': { model: 'item-cf', weights: WHOLE },
  'item-cf/recent': { model: 'item-cf', weights: { window: 20, decay: 0.8 } },
  ease: { model: 'ease', weights: WHOLE },
  'ease/recent': { model: 'ease', weights: { window: 30, decay: 0.9 } },
}

export const ITEM_SIMILARITY_SYSTEMS: readonly string[] = Object.keys(SYSTEMS)

/** The models that systems need, each once. */
export function modelsOf(systems: readonly string[]): ItemModelName[] {
  return [...new Set(systems.flatMap((system) => SYSTEMS[system]?.model ?? []))]
}

/** Scores an item by how much it goes with the items of the history, as of the last fit. */
export function itemSimilarity(models: ItemModels, systems = ITEM_SIMILARITY_SYSTEMS): Scorer {
  const scored = systems.map((system) => ({ ...SYSTEMS[system]!, sums: new HistorySums(SYSTEMS[system]!.weights) }))
  const clear = () => {
    for (const { sums } of scored) sums.clear()
  }
  let fit = -1
  return {
    systems,
    learn() {},
    fit(index) {
      fit = index
      clear()
    },
    asked(isFirst) {
      if (isFirst) clear()
    },
    score({ user, history }, into) {
      scored.forEach(({ model, sums }, index) => {
        if (fit < 0) into[index]!.fill(0)
        else into[index]!.set(sums.of(user, history, models.rows(model, fit), models.items))
      })
    },
  }
}
