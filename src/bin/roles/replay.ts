import type { Broker, Position } from '../../broker/broker.ts'
import type { Config } from '../../config/config.ts'
import type { Topic } from '../../events/topics.ts'
import { chooseDataset, datasetsFolder } from '../../producers/choose-dataset.ts'
import type { ColumnNames } from '../../producers/datasets/csv-file.ts'
import type { Dataset } from '../../producers/datasets/dataset.ts'
import { timeAt } from '../../producers/datasets/dataset.ts'
import { openDataset } from '../../producers/datasets/open-dataset.ts'
import { ProblemList } from '../../producers/datasets/problem-list.ts'
import { speedForRate } from '../../producers/pacing.ts'
import { formatDownload, formatProgress, type ReplayProgress } from '../../producers/progress.ts'
import { replay } from '../../producers/replay.ts'
import type { ReplayControl } from '../../producers/replay-options.ts'
import { lastReplayed } from '../../producers/resume-point.ts'
import { openBroker } from '../adapters.ts'

/** What is folded at full speed before a first replay goes live, and how often something then happens, on average. */
const HISTORY_SHARE = 0.9
const LIVE_EVENTS_PER_SECOND = 5
const LIVE_MAX_GAP_MS = 1000
/** At most so often is a batch reported as accepted. */
const SAMPLE_INTERVAL_MS = 200

export interface LiveReplayOptions {
  readonly config: Config
  readonly signal: AbortSignal
  /** A data set by name or path; undefined for what there is. */
  readonly data?: string | undefined
  /** Stream time per wall time once live; undefined for one at which something happens all the time. */
  readonly speed?: number | undefined
  /** Something to say, once. */
  readonly onMessage: (message: string) => void
  /** The history is in. */
  readonly onLive?: () => void
  /** Where it is, again and again. */
  readonly onStatus: (status: string) => void
  /** The same in figures, once it plays. */
  readonly onProgress?: (progress: ReplayProgress) => void
  /** Told, of a batch now and then, that the broker has it: where its last event is. */
  readonly onAccepted?: (position: Position & { readonly topic: Topic }) => void
  /** Given what steers it: may be changed at any time. */
  readonly onControl?: (control: ReplayControl) => void
}

/** Plays nine tenths of a data set at full speed and the rest as a live stream. */
export async function liveReplay(options: LiveReplayOptions): Promise<void> {
  const { config, signal, onMessage, onStatus } = options
  const broker = await openBroker(config)
  try {
    const dataset = await findDataset(options, await lastReplayed(broker))
    const history = Math.floor(dataset.size * HISTORY_SHARE)
    const control: ReplayControl = { speed: Number.POSITIVE_INFINITY, paused: false }
    options.onControl?.(control)
    const common = {
      broker: sampled(broker, options.onAccepted),
      dataset,
      signal,
      control,
      onProgress: (progress: ReplayProgress) => {
        onStatus(formatProgress(progress))
        options.onProgress?.(progress)
      },
    }
    const { position } = await replay({ ...common, untilSequence: history })
    if (signal.aborted) return
    control.speed = options.speed ?? liveSpeed(dataset, history)
    if (position < dataset.size) onMessage(`History is in; the last tenth of ${dataset.name} is now played live.`)
    options.onLive?.()
    const { end } = await replay({ ...common, maxGapMs: LIVE_MAX_GAP_MS })
    if (end === 'complete') onMessage(`${dataset.name} has been played to its end; feedback goes on.`)
  } finally {
    await broker.close()
  }
}

async function findDataset({ config, data, onMessage, onStatus, signal }: LiveReplayOptions, previous?: string) {
  const problems = new ProblemList()
  const { movielensDir, home } = config
  const { dataset, reason } = data
    ? { dataset: await openData(data, config, problems), reason: '' }
    : await chooseDataset({
        home,
        ...(movielensDir === undefined ? {} : { movielensDir }),
        ...(previous === undefined ? {} : { previous }),
        onProblem: problems.add,
        onProgress: (progress) => onStatus(formatDownload('ml-1m', progress)),
        signal,
      })
  onMessage(reason || `Taking ${dataset.about}.`)
  if (problems.count > 0) onMessage(problems.describe())
  return dataset
}

/** Opens a data set by name or path, looked for where downloads and MOVIELENS_DIR are. */
export function openData(
  data: string,
  config: Config,
  problems: ProblemList,
  columns: ColumnNames = {},
): Promise<Dataset> {
  const folders = [...(config.movielensDir === undefined ? [] : [config.movielensDir]), datasetsFolder(config.home)]
  return openDataset(data, { folders, columns, onProblem: problems.add })
}

function liveSpeed(dataset: Dataset, from: number): number {
  const start = timeAt(dataset, from) ?? dataset.lastAt
  return speedForRate(dataset.lastAt - start, dataset.size - from, LIVE_EVENTS_PER_SECOND)
}

function sampled(broker: Broker, onAccepted: LiveReplayOptions['onAccepted']): Broker {
  if (!onAccepted) return broker
  let nextMs = 0
  const produce: Broker['produce'] = async (topic, messages) => {
    const positions = await broker.produce(topic, messages)
    const last = positions.at(-1)
    if (topic === 'ratings' && last && performance.now() >= nextMs) {
      nextMs = performance.now() + SAMPLE_INTERVAL_MS
      onAccepted({ topic, ...last })
    }
    return positions
  }
  return { ...bound(broker), produce }
}

/** The methods of a class's instance, for a copy that replaces one of them. */
function bound(broker: Broker): Broker {
  return {
    partitions: broker.partitions,
    produce: broker.produce.bind(broker),
    subscribe: broker.subscribe.bind(broker),
    read: broker.read.bind(broker),
    bounds: broker.bounds.bind(broker),
    close: broker.close.bind(broker),
  }
}
