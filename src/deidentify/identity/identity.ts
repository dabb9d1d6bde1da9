/** Which patient and which object an instance is about, read from the top level of its data set. */
import { NocturneError } from '../../lib/errors.js'
import { decodeDefault } from '../../dicom/text/index.js'
import {
  readUint16,
  type Element,
  type Encoding,
  findElement,
  readerOf,
} from '../../dicom/elements/index.js'
import type { ReadAttribute } from '../rules/conditions.js'
import { vrOf } from '../../dicom/dictionary/index.js'
import type { OriginalIdentity } from './original.js'
import type { Hmac } from './hmac.js'
import { isRegistered } from './keys.js'
import { cached } from '../../lib/cached.js'
import { decodeOf } from '../values/character-set.js'

export interface Uids {
  readonly studyInstanceUID: string
  readonly seriesInstanceUID: string
  readonly sopInstanceUID: string
}

export interface Identity extends Uids {
  readonly sopClassUID: string
  readonly modality: string
  /** Accession Number; empty if there is none. */
  readonly accession: string
  readonly original: OriginalIdentity
}

/** PS3.3 C.7.3.1.1.1, including retired terms. */
const MODALITIES: ReadonlySet<string> = new Set(
  (
    'ANN AR AS ASMT AU BDUS BI BMD CD CF CFM CP CR CS CT CTPROTOCOL DD DF DG DM DMS DOC DS DX EC ECG EEG EMG EOG EPS ES ' +
    'FA FID FS GM HC HD IO IOL IVOCT IVUS KER KO LEN LP LS M3D MA MG MR MS NM OAM OCT OP OPM OPR OPT OPTBSV OPTENF ' +
    'OPV OSS OT PA PLAN POS PR PT PX REG RESP RF RG RTDOSE RTIMAGE RTINTENT RTPLAN RTRAD RTRECORD RTSEGANN RTSTRUCT ' +
    'RWV SEG SM SMR SR SRF ST STAIN TEXTUREMAP TG US VA VF XA XAPROTOCOL XC'
  ).split(' '),
)

/** Media Storage Directory Storage. */
export const DIRECTORY = '1.2.840.10008.1.3.10'
const DIRECTORY_RECORDS = 0x00041220
/** Encapsulated PDF, CDA, STL, OBJ, MTL (PS3.4 B.5). */
const ENCAPSULATED = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.104\.\d+$/
/**
 * Basic Voice and General Audio Waveform Storage: a voice identifies its speaker, and names may be
 * spoken.
 */
const AUDIO = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.9\.4\.\d+$/

/**
 * Reads attributes for the rules about images, with 16-bit numbers (Rows, Columns) as decimal text.
 */
export const attributesOf =
  (elements: readonly Element[], buffer: Buffer, encoding: Encoding): ReadAttribute =>
  (tag) => {
    const found = vrOf(tag) === 'US' && findElement(elements, tag)
    return found
      ? String(readUint16(found, buffer, encoding) ?? '')
      : readerOf(elements, buffer)(tag)
  }

/** The UIDs that identify the instance. */
export function readUids(elements: readonly Element[], buffer: Buffer): Uids {
  const read = readerOf(elements, buffer)
  return {
    studyInstanceUID: read(0x0020000d),
    seriesInstanceUID: read(0x0020000e),
    sopInstanceUID: read(0x00080018),
  }
}

/**
 * @throws NocturneError `media_directory`, `missing_identity`, `private_sop_class`,
 * `encapsulated_document`, `recorded_sound`
 */
export function readIdentity(elements: readonly Element[], buffer: Buffer): Identity {
  const decode = decodeOf(elements, buffer) ?? decodeDefault
  const read = readerOf(elements, buffer)
  const sopClassUID = read(0x00080016)
  if (sopClassUID === DIRECTORY || elements.some(({ tag }) => tag === DIRECTORY_RECORDS))
    throw new NocturneError('media_directory')
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = readUids(elements, buffer)
  const uids = [studyInstanceUID, seriesInstanceUID, sopInstanceUID, sopClassUID]
  // A UID that breaks PS3.5 section 9 by being too long or containing letters still identifies an
  // instance, and is replaced.
  if (uids.some((uid) => !/^[^\\]{1,1024}$/.test(uid))) throw new NocturneError('missing_identity')
  // An unregistered class UID would be replaced in the data set, and then differ from group 0002.
  if (!isRegistered(sopClassUID)) throw new NocturneError('private_sop_class')
  if (ENCAPSULATED.test(sopClassUID)) throw new NocturneError('encapsulated_document')
  if (AUDIO.test(sopClassUID)) throw new NocturneError('recorded_sound')
  const modality = read(0x00080060)
  return {
    studyInstanceUID,
    seriesInstanceUID,
    sopInstanceUID,
    sopClassUID,
    modality: MODALITIES.has(modality) ? modality : 'OT',
    original: {
      patientId: read(0x00100020, decode),
      issuer: read(0x00100021, decode),
      patientName: read(0x00100010, decode),
      birthDate: read(0x00100030),
    },
    accession: read(0x00080050, decode),
  }
}

/**
 * The patient's keyed handle: from Patient ID and its issuer; without an ID, from name and birth
 * date; without either, from the study, so that two unnamed patients are not treated as one.
 */
export function handleOf(
  { original, studyInstanceUID }: Pick<Identity, 'original' | 'studyInstanceUID'>,
  digest: Hmac,
) {
  const { patientId, issuer, patientName, birthDate } = original
  const name = patientName.replace(/[\^=\s]+/g, ' ').trim()
  const basis =
    patientId !== ''
      ? ['id', patientId, issuer]
      : name !== ''
        ? ['name', name.toUpperCase(), birthDate]
        : ['study', studyInstanceUID]
  return { handle: handleUnder(digest, JSON.stringify(basis)), isPatient: basis[0] !== 'study' }
}

/**
 * The keyed handle of a Patient ID under any issuer. Its basis differs from all of `handleOf`, so
 * that neither can be mistaken for the other.
 */
export const idHandleOf = (patientId: string, digest: Hmac): string =>
  handleUnder(digest, JSON.stringify(['id under any issuer', patientId]))

/** Caches the most recent patients per key, because the slices of a study share theirs. */
const handles = new WeakMap<Hmac, (basis: string) => string>()
const PATIENTS = 16
/** Longest combination of ID, name and issuer to cache, to bound memory. */
const MAX_BASIS = 1000

function handleUnder(digest: Hmac, basis: string): string {
  const handle =
    handles.get(digest) ??
    cached((text) => digest.ofText(text).toString('hex'), PATIENTS, MAX_BASIS)
  handles.set(digest, handle)
  return handle(basis)
}
