import type { ReleaseFolder } from '../releases/release-folder.ts'
import type { ReleaseView } from '../serving/operations.ts'

/** Releases and refusals of a folder as operators look at them, the newest first. */
export async function releaseViews(folder: ReleaseFolder, inService: string): Promise<ReleaseView[]> {
  const [{ releases }, refusals] = await Promise.all([folder.list(), folder.refusals()])
  const published = releases.map(({ version, createdAt, watermark, models, gate }) => ({
    version,
    createdAt,
    watermark,
    outcome: 'published' as const,
    inService: version === inService,
    models: Object.keys(models),
    reasons: gate.reasons,
    measures: gate.measures,
  }))
  const refused = refusals.map(({ version, createdAt, watermark, gate }) => ({
    version,
    createdAt,
    watermark,
    outcome: 'refused' as const,
    inService: false,
    models: [],
    reasons: gate.reasons,
    measures: gate.measures,
  }))
  return [...published, ...refused].sort((a, b) => b.createdAt - a.createdAt)
}
