/** Groups opened instances into series, as a reader looks at them. */
import type { ManifestItem } from '../../../protocol/manifest.js'
import { inOrder } from '../viewer/facts.js'
import type { InstanceFacts } from '../viewer/facts.js'
import type { OpenedInstance } from './opening.js'

export interface SeriesInstance {
  readonly item: Pick<ManifestItem, 'pixelsBlanked' | 'pixelsAtRisk'>
  readonly facts: InstanceFacts
  readonly content: Blob
}

export interface Series {
  readonly uid: string
  readonly number: number
  readonly description: string
  readonly modality: string
  /** Of a study that was sent for comparison. */
  readonly isPrior: boolean
  readonly instances: readonly SeriesInstance[]
  /** Images, frames counted one by one. */
  readonly images: number
}

/** `Prior CT Head axial` */
export const seriesTitle = ({ isPrior, modality, description, number }: Series): string =>
  `${isPrior ? 'Prior ' : ''}${modality} ${description || `series ${number}`}`

/** The current study first: what is opened by itself is never a prior. */
export function seriesOf(instances: readonly OpenedInstance[]): Series[] {
  const groups = Map.groupBy(instances, ({ item }) => item.series ?? '')
  return [...groups]
    .map(([uid, members]) => {
      const ordered = inOrder(members)
      const { facts } = ordered[0] ?? {}
      return {
        uid,
        number: facts?.seriesNumber ?? 0,
        description: facts?.description ?? '',
        modality: facts?.modality ?? '',
        isPrior: members.every(({ isPrior }) => isPrior),
        instances: ordered,
        images: ordered.reduce((sum, one) => sum + one.facts.frames, 0),
      }
    })
    .toSorted((a, b) => Number(a.isPrior) - Number(b.isPrior) || a.number - b.number)
}

/** The instance to which an image of the series belongs, frames counted one by one. */
export function instanceAt(series: Series, index: number): SeriesInstance | undefined {
  let left = index
  for (const one of series.instances) {
    if (left < one.facts.frames) return one
    left -= one.facts.frames
  }
  return undefined
}
