/**
 * Asks a PACS by C-FIND and C-MOVE (PS3.4 Annex C), study root. The studies arrive at our own DIMSE
 * port, from an association that the PACS opens.
 */
import { readerOf } from '../../dicom/elements/index.js'
import type { Element, Encoding } from '../../dicom/elements/index.js'
import { decodeWith } from '../../dicom/text/index.js'
import { encodeElement, encodeText } from '../../dicom/write/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { FoundStudy } from '../../priors/index.js'
import type { Timing } from '../dimse/machine.js'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE } from '../dimse/negotiate.js'
import { readRequest } from '../dimse/request-data.js'
import { requestAssociation } from '../dimse/request.js'
import type { Destination, Requestor } from '../dimse/request.js'
import { MOST_STUDIES } from './pacs.js'
import type { Pacs } from './pacs.js'

const FIND = '1.2.840.10008.5.1.4.1.2.2.1'
const MOVE = '1.2.840.10008.5.1.4.1.2.2.2'

/**
 * Each question has an association of its own: a PACS may take minutes to fetch a study from tape,
 * and ends an association that is idle meanwhile.
 */
export function dimsePacs(to: Destination, timing: Timing): Pacs {
  const asking = async <T>(sopClass: string, ask: (requestor: Requestor) => Promise<T>) => {
    const syntaxes = [EXPLICIT_LITTLE, IMPLICIT_LITTLE]
    const contexts = [{ abstractSyntax: sopClass, transferSyntaxes: syntaxes }]
    try {
      const requestor = await requestAssociation(to, timing, contexts)
      try {
        return await ask(requestor)
      } finally {
        await requestor.release().catch(() => undefined)
      }
    } catch (cause) {
      throw new NocturneError('priors_unavailable', { cause })
    }
  }
  const find = (keys: Keys) => asking(FIND, (requestor) => matchesOf(requestor, keys))
  return {
    studies: async (patientId) => (await find(studyKeys(patientId))).map(studyIn),
    bodyParts: async (study) => (await find(seriesKeys(study))).map((read) => read(BODY_PART)),
    retrieve: (study) =>
      asking(MOVE, async (requestor) => {
        const identifier = (encoding: Encoding) =>
          encoded(
            [
              [LEVEL, 'CS', 'STUDY'],
              [STUDY_UID, 'UI', study],
            ],
            encoding,
          )
        const query = { sopClass: MOVE, destination: to.calling, identifier }
        const { status, failed = 0 } = (await requestor.query(query)) ?? {}
        return status === 0 && failed === 0
      }),
  }
}

type Keys = readonly (readonly [tag: number, vr: string, value: string])[]
type Read = (tag: number) => string

const CHARACTER_SET = 0x00080005
const STUDY_DATE = 0x00080020
const LEVEL = 0x00080052
const MODALITIES = 0x00080061
const DESCRIPTION = 0x00081030
const PATIENT_ID = 0x00100020
const BIRTH_DATE = 0x00100030
const BODY_PART = 0x00180015
const STUDY_UID = 0x0020000d
const SERIES_UID = 0x0020000e

/** In the order of their tags. An empty value asks for the attribute. */
const studyKeys = (patientId: string): Keys => [
  [STUDY_DATE, 'DA', ''],
  [LEVEL, 'CS', 'STUDY'],
  [MODALITIES, 'CS', ''],
  [DESCRIPTION, 'LO', ''],
  [PATIENT_ID, 'LO', patientId],
  [BIRTH_DATE, 'DA', ''],
  [STUDY_UID, 'UI', ''],
]

const seriesKeys = (study: string): Keys => [
  [LEVEL, 'CS', 'SERIES'],
  [BODY_PART, 'CS', ''],
  [STUDY_UID, 'UI', study],
  [SERIES_UID, 'UI', ''],
]

const encoded = (keys: Keys, encoding: Encoding): Buffer =>
  Buffer.concat(
    keys.map(([tag, vr, value]) => encodeElement(tag, vr, encodeText(value, vr), encoding)),
  )

async function matchesOf(requestor: Requestor, keys: Keys): Promise<readonly Read[]> {
  const found: Read[] = []
  const query = { sopClass: FIND, identifier: (encoding: Encoding) => encoded(keys, encoding) }
  const last = await requestor.query(query, async (data, encoding) => {
    if (found.length >= MOST_STUDIES) throw new NocturneError('priors_unavailable')
    const read = await readRequest(data, encoding, reading)
    if (read) found.push(read)
  })
  if (last?.status !== 0) throw new NocturneError('priors_unavailable')
  return found
}

function reading(elements: readonly Element[], bytes: Buffer): Read {
  const read = readerOf(elements, bytes)
  return (tag) => (tag === DESCRIPTION ? read(tag, decodeWith(read(CHARACTER_SET))) : read(tag))
}

const studyIn = (read: Read): FoundStudy => ({
  studyInstanceUID: read(STUDY_UID),
  patientId: read(PATIENT_ID),
  birthDate: read(BIRTH_DATE),
  date: read(STUDY_DATE),
  description: read(DESCRIPTION),
  modalities: read(MODALITIES).split('\\'),
  bodyParts: [],
})
