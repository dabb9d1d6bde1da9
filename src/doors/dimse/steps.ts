/**
 * Modality Performed Procedure Step (PS3.4 Annex F.7): a modality says that it has finished, and
 * how many instances it made. Steps are kept only in memory, because they name studies by their
 * original UIDs; after a restart, their studies are completed by the quiet time alone.
 */
import { EXPLICIT, IMPLICIT, readerOf } from '../../dicom/elements/index.js'
import type { Element } from '../../dicom/elements/index.js'
import { Status } from './command.js'
import type { Answer, StepRequest } from './conversation.js'
import { IMPLICIT_LITTLE } from './negotiate.js'
import { readRequest } from './request-data.js'

/**
 * Called when every step of a study that is known here is completed, with the number of instances
 * that they made; and with undefined when another one begins.
 */
export type Announce = (facility: string, studyUID: string, count: number | undefined) => void

interface Step {
  readonly studies: readonly string[]
  state: 'in progress' | 'completed' | 'discontinued'
  made: number
}

/** Steps kept at a time; the oldest is forgotten. */
const MAX_STEPS = 10_000

/** @returns the service that answers N-CREATE and N-SET */
export function createSteps(announce: Announce): (request: StepRequest) => Promise<Answer> {
  const steps = new Map<string, Step>()
  const tell = (facility: string, studies: readonly string[]) => {
    for (const study of studies) {
      const known = [...steps]
        .filter(([key, step]) => key.startsWith(`${facility}/`) && step.studies.includes(study))
        .map(([, step]) => step)
      const isDone = known.every(({ state }) => state !== 'in progress')
      const made = known.reduce((sum, step) => sum + step.made, 0)
      announce(facility, study, isDone && made > 0 ? made : undefined)
    }
  }
  return async ({ caller: { facility }, isNew, sopInstance, data, transferSyntax }) => {
    const encoding = transferSyntax === IMPLICIT_LITTLE ? IMPLICIT : EXPLICIT
    const read = await readRequest(data, encoding, stepIn)
    if (!read) return { status: Status.cannotUnderstand }
    const key = `${facility}/${sopInstance}`
    const known = steps.get(key)
    if (isNew) {
      if (known) return { status: Status.duplicateInstance }
      if (read.state !== 'in progress') return { status: Status.invalidValue }
      const [oldest] = steps.size >= MAX_STEPS ? steps.keys() : []
      if (oldest !== undefined) steps.delete(oldest)
      steps.set(key, { studies: read.studies, state: read.state, made: 0 })
      tell(facility, read.studies)
      return { status: Status.success }
    }
    if (!known) return { status: Status.noSuchInstance }
    // PS3.4 F.7.2.2.2: a final step is not changed any more.
    if (known.state !== 'in progress') return { status: Status.processingFailure }
    known.state = read.state ?? known.state
    if (read.made !== undefined) known.made = read.made
    // A series that was broken off may lack any number of its instances.
    if (known.state === 'discontinued') known.made = 0
    if (known.state !== 'in progress') tell(facility, known.studies)
    return { status: Status.success }
  }
}

const STATES = {
  'IN PROGRESS': 'in progress',
  COMPLETED: 'completed',
  DISCONTINUED: 'discontinued',
} as const satisfies Record<string, Step['state']>

interface Read {
  readonly studies: readonly string[]
  /** Absent in an N-SET that does not change it. */
  readonly state: Step['state'] | undefined
  /** Undefined without Performed Series Sequence. */
  readonly made: number | undefined
}

const SCHEDULED_STEPS = 0x00400270
const PERFORMED_SERIES = 0x00400340
/** Referenced Image Sequence, and what is no image (PS3.3 C.4.15). */
const REFERENCES = [0x00081140, 0x00400220]

function stepIn(elements: readonly Element[], bytes: Buffer): Read | undefined {
  const itemsOf = (of: readonly Element[], tag: number) =>
    of.find((one) => one.tag === tag)?.items ?? []
  const studies = itemsOf(elements, SCHEDULED_STEPS).map((item) =>
    readerOf(item.elements, bytes)(0x0020000d),
  )
  const text = readerOf(elements, bytes)(0x00400252)
  const state = Object.entries(STATES).find(([name]) => name === text)?.[1]
  if (text !== '' && state === undefined) return undefined
  const series = elements.find(({ tag }) => tag === PERFORMED_SERIES)?.items
  const made = series?.reduce(
    (sum, item) => REFERENCES.reduce((all, tag) => all + itemsOf(item.elements, tag).length, sum),
    0,
  )
  return { studies: [...new Set(studies)].filter((uid) => uid !== ''), state, made }
}
