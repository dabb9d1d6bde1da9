/** Reads, on this machine, what is in the selected files, so that a person sees what they send. */
import { parseDicom } from 'dicom-parser'

/** The header of an instance is in its first octets; pixel data follows. */
const HEAD_BYTES = 1 << 20
/** Of Part 10: a preamble of 128 octets, then DICM (PS3.10 section 7.1). */
const MAGIC_AT = 128
/** Files of the operating system and of CDs that are no part of a study. */
const IGNORED = /(?:^|\/)(?:\.[^/]*|thumbs\.db|desktop\.ini|autorun\.inf|dicomdir)$/i

export interface LocalFile {
  readonly file: File
  readonly about: LocalInstance | undefined
}

export interface LocalInstance {
  readonly patientName: string
  readonly patientId: string
  readonly accession: string
  readonly study: string
  readonly studyDate: string
  readonly studyDescription: string
  readonly series: string
  readonly seriesDescription: string
  readonly modality: string
}

export interface LocalStudy {
  /** Study Instance UID; empty for files that are no DICOM instances. */
  readonly uid: string
  readonly about: LocalInstance | undefined
  readonly files: readonly LocalFile[]
  /** Numbers of images by series, as `CT Head axial: 24`. */
  readonly series: readonly string[]
  readonly bytes: number
}

/** @param path with the folders in which it was selected */
export const isIgnored = (path: string): boolean => IGNORED.test(path)

export async function readLocal(file: File): Promise<LocalFile> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  return { file, about: instanceIn(head) }
}

function instanceIn(head: Uint8Array): LocalInstance | undefined {
  if (String.fromCharCode(...head.subarray(MAGIC_AT, MAGIC_AT + 4)) !== 'DICM') return undefined
  try {
    const header = parseDicom(head, { untilTag: 'x7fe00010' })
    const text = (tag: string) => header.string(tag)?.trim() ?? ''
    return {
      patientName: text('x00100010').replace(/\^+/g, ' ').trim(),
      patientId: text('x00100020'),
      accession: text('x00080050'),
      study: text('x0020000d'),
      studyDate: text('x00080020'),
      studyDescription: text('x00081030'),
      series: text('x0020000e'),
      seriesDescription: text('x0008103e'),
      modality: text('x00080060'),
    }
  } catch {
    return undefined
  }
}

/** Studies in the order in which they were selected; other files last. */
export function studiesOf(files: readonly LocalFile[]): LocalStudy[] {
  const groups = Map.groupBy(files, ({ about }) => about?.study ?? '')
  return [...groups]
    .map(([uid, members]) => ({
      uid,
      about: members[0]?.about,
      files: members,
      series: seriesOf(members),
      bytes: members.reduce((sum, { file }) => sum + file.size, 0),
    }))
    .toSorted((a, b) => Number(a.uid === '') - Number(b.uid === ''))
}

function seriesOf(files: readonly LocalFile[]): string[] {
  const instances = files.flatMap(({ about }) => about ?? [])
  return [...Map.groupBy(instances, ({ series }) => series).values()].map((members) => {
    const { modality = '', seriesDescription = '' } = members[0] ?? {}
    return `${[modality, seriesDescription].filter((one) => one !== '').join(' ')}: ${members.length}`
  })
}

/** Different patients in one sending would become one case with another's images in it. */
export const patientsIn = (studies: readonly LocalStudy[]): readonly string[] => [
  ...new Set(
    studies.flatMap(({ about }) => (about ? [`${about.patientId} ${about.patientName}`] : [])),
  ),
]
