/** Determines whose report it is: from the pseudonymous studies it names, with the crosswalk. */
import type { CrosswalkLine } from '../../protocol/crosswalk-lines.js'
import type { Identity } from '../../results/index.js'
import { decodeDefault, decodeWith, trimPadding } from '../../dicom/text/index.js'
import { CommandError } from '../command-error.js'

/**
 * Attributes of the study that a report repeats, by tag. Those that the profile kept are not in the
 * crosswalk.
 */
const TAGS = {
  accession: 0x00080050,
  studyDate: 0x00080020,
  studyTime: 0x00080030,
  studyId: 0x00200010,
  description: 0x00081030,
  referringPhysician: 0x00080090,
  sex: 0x00100040,
} as const

type Known = Readonly<Partial<Record<keyof typeof TAGS, string>>>

interface Patient {
  readonly patientId: string
  readonly issuer: string
  readonly patientName: string
  readonly birthDate: string
}

export interface Identities {
  readonly patients: ReadonlyMap<string, Patient>
  /** By pseudonymous Study Instance UID. */
  readonly studies: ReadonlyMap<string, { readonly code: string; readonly known: Known }>
  /** Pseudonymous to original UID. */
  readonly uids: ReadonlyMap<string, string>
}

/** Reads all crosswalks once, and keeps only what these studies need. */
export async function readIdentities(
  lines: AsyncIterable<CrosswalkLine>,
  wanted: ReadonlySet<string>,
): Promise<Identities> {
  const patients = new Map<string, Patient>()
  const studies = new Map<string, { readonly code: string; readonly known: Known }>()
  const uids = new Map<string, string>()
  const shared = new Map<number, readonly [tag: number, value: string]>()
  for await (const line of lines) {
    if (line.type === 'crosswalk' || line.type === 'forget') shared.clear()
    else if (line.type === 'patient') patients.set(line.code, line)
    else if (line.type === 'uids') {
      for (const [before, id] of line.pairs) if (wanted.has(id)) uids.set(id, before)
    } else if (line.type === 'element') {
      const bytes = Buffer.from(line.bytes, 'base64')
      const tag = tagOf(bytes)
      if (WANTED.has(tag)) shared.set(line.n, [tag, valueOf(bytes, line.set)])
    } else if (wanted.has(line.study) && !studies.has(line.study)) {
      const values = new Map<number, string>()
      for (const n of line.elements) {
        const [tag, value] = shared.get(n) ?? []
        if (tag !== undefined && value !== undefined) values.set(tag, value)
      }
      studies.set(line.study, { code: line.code, known: knownOf(values) })
    }
  }
  return { patients, studies, uids }
}

const WANTED: ReadonlySet<number> = new Set(Object.values(TAGS))

const knownOf = (values: ReadonlyMap<number, string>): Known =>
  Object.fromEntries(
    Object.entries(TAGS).flatMap(([name, tag]) => {
      const value = values.get(tag)
      return value === undefined ? [] : [[name, value]]
    }),
  )

const tagOf = (bytes: Buffer): number =>
  bytes.length < 8 ? 0 : bytes.readUInt16LE(0) * 0x10000 + bytes.readUInt16LE(2)

/** Expects explicit VR little endian, with a VR whose length has 16 bits (PS3.5 section 7.1.2). */
function valueOf(bytes: Buffer, characterSet: string): string {
  const decode = characterSet === '' ? decodeDefault : decodeWith(characterSet)
  return trimPadding(decode(bytes.subarray(8))).trim()
}

/**
 * @throws CommandError `not_in_crosswalk`
 * @throws CommandError `identities_disagree` for studies of more than one patient, because the
 *   report would end up in the wrong record
 */
export function identityOf(studies: readonly string[], identities: Identities): Identity {
  const found = studies.flatMap((uid) => {
    const study = identities.studies.get(uid)
    return study ? [{ uid, ...study }] : []
  })
  const [first] = found
  const patient = first && identities.patients.get(first.code)
  const study = first && identities.uids.get(first.uid)
  if (!first || !patient || study === undefined)
    throw new CommandError('the study of this report is in no crosswalk', {
      code: 'not_in_crosswalk',
      hint: 'fetch the newest ones with `nocturne crosswalk fetch`, and give keys of earlier years with further --key',
    })
  if (found.some(({ code }) => code !== first.code))
    throw new CommandError('the report names studies of more than one patient', {
      code: 'identities_disagree',
      hint: 'ask the reader which patient it is about',
    })
  const { known } = first
  return {
    patientId: patient.patientId,
    issuer: patient.issuer,
    patientName: patient.patientName,
    birthDate: patient.birthDate,
    sex: known.sex ?? '',
    accession: known.accession ?? '',
    study,
    studyDate: known.studyDate ?? '',
    studyTime: (known.studyTime ?? '').slice(0, 6),
    studyId: known.studyId ?? '',
    description: known.description ?? '',
    referringPhysician: known.referringPhysician ?? '',
  }
}
