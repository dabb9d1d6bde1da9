/** Makes the new header of one instance from the source's, and then re-reads it independently. */
import { NocturneError } from '../lib/errors.js'
import { expectAgreement } from './agreement.js'
import { judgeOf } from './blank/judge-words.js'
import { judgePixels, type PixelVerdict } from './blank/plan.js'
import { lookAhead } from './blank/seek.js'
import { Budget, type Stretch, readDataset, readHead } from '../dicom/index.js'
import { type Element, type Encoding, findElement, readerOf } from '../dicom/elements/index.js'
import { expectNoIdentifier } from './check.js'
import { keepChecked, sinceChecked } from './checked-before.js'
import { vocabularyOf } from './text/vocabulary.js'
import { addEncryptedAttributes, modifiedAttributes } from './identity/encrypted-attributes.js'
import { orderHandle } from './identity/patient-handle.js'
import { handleOf, idHandleOf, readIdentity, type Identity } from './identity/identity.js'
import type { AttributeRecipient, DeidentifyContext, Pseudonym } from './contract.js'
import { keyedDigest, uidMapper, valueDigester } from './identity/keys.js'
import { encodeMarks } from './values/marks.js'
import type { UidPair } from './values/uid-pair.js'
import { identifiersOf } from './values/named.js'
import { ageInYears, ageOn, OLDEST } from './values/age.js'
import { CLEAN_DESCRIPTORS, DEVICE_IDENTITY, INSTITUTION_IDENTITY } from './rules/options.js'
import type { Reader, Syntax } from '../dicom/index.js'
import type { Steps } from '../lib/pace.js'
import { characterSetOf } from './values/character-set.js'
import { rewriteDataset, topScope } from './values/rewrite.js'
import { type Scope } from './values/scope.js'
import { rulesOf } from './rules/rules.js'
import type { Subject } from './subject.js'
import { framingOf, type Extent } from '../dicom/pixel-data/index.js'
import { expectWholeImage, framesOf } from './blank/whole-image.js'
import { collectOriginals, type Originals, type WayBack } from './identity/way-back.js'
import { encodeElement, encodeText } from '../dicom/write/index.js'

const PATIENT_TAGS = [
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
] as const

/** What remains of the source's header once a new one has been made. */
export interface Made {
  /** The new data set up to Pixel Data, not yet checked. */
  readonly header: Buffer
  readonly subject: Subject
  readonly verdict: PixelVerdict
  readonly identity: Identity
  /** Keyed handle of the patient, if the instance names one. */
  readonly patient: string | undefined
  /** Keyed handle of its Patient ID alone, if the instance names an issuer. */
  readonly idHandle: string | undefined
  /** Keyed handle of the order, if the instance has an accession number and a Patient ID. */
  readonly order: string | undefined
  readonly pixels: Stretch['pixels']
  /** What the pixels must contain to be complete. */
  readonly extent: Extent
  /**
   * For the crosswalk; undefined under `strip`, which leaves nothing that leads back, not even for
   * the facility.
   */
  readonly wayBack: WayBack | undefined
  /** For Encrypted Attributes, if the facility requests them. */
  readonly enveloped: Buffer | undefined
}

/** Reads the header without retaining any of it; afterwards `reader` is at Pixel Data. */
export async function makeHeader(
  reader: Reader,
  at: number,
  syntax: Syntax,
  context: DeidentifyContext,
  budget: Budget,
): Promise<Made> {
  const { pace } = budget
  const { encoding } = syntax
  const rules = rulesOf(context.profile)
  const skips = (element: Pick<Element, 'tag' | 'vr'>) => rules.ruleFor(element).step === 'remove'
  const limit = at + context.headerBytes
  const head = await readHead({ reader, encoding, limit, budget, skips }, at)
  const { elements, pixels } = head
  const { buffer } = reader
  const identity = readIdentity(elements, buffer)
  expectWholeImage(head, buffer, syntax, identity.sopClassUID)
  const judged = judgePixels(head, buffer, syntax, context)
  const digest = digestsOf(context)
  const { handle, isPatient } = handleOf(identity, digest('patient'))
  const pseudonym = await context.pseudonymOf(handle)

  pace.begin()
  const identifiers = await pace.run(identifiersOf(elements, buffer, pace, keptBy(context.profile)))
  const vocabulary = vocabularyOf(context.profile.languages)
  const looking = { judge: judgeOf({ identifiers, vocabulary }), pace }
  const series = () => uidMapper(digest('uid'))(identity.seriesInstanceUID)
  const verdict = await lookAhead({ reader, head, encoding }, judged, looking, series)
  const keepsOffsets = verdict.blanking === undefined
  const subject = subjectOf(context, digest, pseudonym, { identifiers, pace, keepsOffsets })
  const additions = additionsOf({ elements, buffer, encoding }, subject, verdict, context)
  const scope = topScope(subject, buffer, elements, encoding)
  const { output, changed } = await pace.run(rewriteDataset(scope, additions))
  const wayBack =
    context.profile.links === 'transfer'
      ? undefined
      : wayBackOf(
          scope,
          identity,
          await pace.run(collectOriginals(changed, buffer, encoding, pace)),
        )
  const enveloped =
    context.encryptedAttributes &&
    (await envelopeOf(
      await pace.run(modifiedAttributes({ elements, buffer, encoding }, changed, pace)),
      context.encryptedAttributes,
      context,
    ))
  const header = await pace.run(output.toBuffer(pace))
  const extent = { framing: framingOf(syntax.uid), frames: framesOf(elements, buffer) }
  reader.forget(head.end)
  const handles = {
    patient: isPatient ? handle : undefined,
    ...furtherHandles(identity, context, digest('patient')),
  }
  return { header, subject, verdict, identity, ...handles, pixels, extent, wayBack, enveloped }
}

function furtherHandles(
  { accession, original: { patientId, issuer } }: Identity,
  { secret }: DeidentifyContext,
  digest: Parameters<typeof idHandleOf>[1],
): Pick<Made, 'idHandle' | 'order'> {
  const isNamed = patientId !== ''
  return {
    idHandle: isNamed && issuer !== '' ? idHandleOf(patientId, digest) : undefined,
    order: isNamed && accession !== '' ? orderHandle(secret, accession, patientId) : undefined,
  }
}

function wayBackOf(
  { subject, elements, buffer }: Scope,
  { original }: Identity,
  { elements: kept, omitted }: Originals,
): WayBack {
  return {
    code: subject.code,
    shiftSeconds: subject.rules.dates === 'modified' ? subject.shiftSeconds : 0,
    identity: original,
    characterSet: characterSetOf(elements, buffer)?.trim() ?? '',
    uids: [...new Map(subject.uids)],
    elements: kept,
    omitted,
  }
}

async function envelopeOf(
  modified: Buffer,
  recipients: readonly AttributeRecipient[],
  { secret }: DeidentifyContext,
): Promise<Buffer> {
  // Loaded on demand: most sites never need these 6 MB of ASN.1 code.
  const { envelop } = await import('./identity/envelope.js')
  return envelop(modified, recipients, keyedDigest(secret, 'attributes'))
}

/**
 * Re-reads and checks the header as it will be output, and returns it with its elements.
 *
 * @throws NocturneError `identifier_left`, `output_disagrees`
 */
export function* checkHeader(
  made: Buffer,
  enveloped: Buffer | undefined,
  encoding: Encoding,
  subject: Subject,
): Steps<{ header: Buffer; again: readonly Element[] }> {
  const { pace } = subject
  const before = enveloped ? undefined : sinceChecked(made, encoding, subject)
  if (before) {
    const { elements, changed } = before
    yield* expectNoIdentifier({ elements, buffer: made, encoding }, subject, changed)
    return { header: made, again: elements }
  }
  const read = yield* readDataset(made, encoding, new Budget(pace))
  yield* expectNoIdentifier({ elements: read, buffer: made, encoding }, subject)
  const { header, again } = enveloped
    ? yield* addEncryptedAttributes({ elements: read, buffer: made, encoding }, enveloped, subject)
    : { header: made, again: read }
  yield* expectAgreement(again, header, encoding, pace)
  if (!enveloped) keepChecked(header, again, encoding, subject)
  return { header, again }
}

const keptBy = ({ options }: DeidentifyContext['profile']) => ({
  device: options.includes(DEVICE_IDENTITY),
  institution: options.includes(INSTITUTION_IDENTITY),
})

/**
 * Elements to add: the marks, the patient's code if the source names no patient, and the age if the
 * source has only a birth date.
 */
function additionsOf(
  { elements, buffer, encoding }: Pick<Scope, 'elements' | 'buffer' | 'encoding'>,
  { rules, code }: Subject,
  { blanking, isFaceless }: PixelVerdict,
  { profile }: DeidentifyContext,
): Map<number, Buffer> {
  const marks = {
    // Set only when the image is inspected after blanking; an image in which text is then found is
    // quarantined (PS3.15 E.3.1).
    isBlanked: blanking?.isRead === true,
    isFaceless,
    photometric: blanking?.photometric,
  }
  const additions = encodeMarks(profile, rules.dates, marks, encoding)
  for (const [tag, vr] of PATIENT_TAGS) {
    if (findElement(elements, tag)) continue
    additions.set(tag, encodeElement(tag, vr, encodeText(code, vr), encoding))
  }
  const age = rules.keepsCharacteristics ? derivedAge(readerOf(elements, buffer)) : undefined
  if (age !== undefined) {
    const [number, unit] = [Number(age.slice(0, 3)), age.slice(3)]
    const told = rules.capsAges && unit === 'Y' && number > OLDEST ? ageInYears(OLDEST) : age
    additions.set(AGE, encodeElement(AGE, 'AS', encodeText(told, 'AS'), encoding))
  }
  return additions
}

const AGE = 0x00101010
const BIRTH_DATE = 0x00100030
/** Dates of the study, series, acquisition and content. */
const DAYS = [0x00080020, 0x00080021, 0x00080022, 0x00080023]

function derivedAge(read: (tag: number) => string): string | undefined {
  if (read(AGE) !== '') return undefined
  const day = DAYS.map((tag) => read(tag)).find((one) => one !== '')
  return day === undefined ? undefined : ageOn(read(BIRTH_DATE), day)
}

/**
 * Keyed by the facility and, if the profile links studies only within a transfer, by the transfer
 * too.
 */
function digestsOf({ profile, secret, transfer }: DeidentifyContext) {
  const scope = profile.links === 'transfer' ? ` transfer ${transfer}` : ''
  return (use: 'patient' | 'uid' | 'report') => keyedDigest(secret, use + scope)
}

function subjectOf(
  { profile }: DeidentifyContext,
  digest: ReturnType<typeof digestsOf>,
  { code, shiftSeconds }: Pseudonym,
  source: Pick<Subject, 'identifiers' | 'pace' | 'keepsOffsets'>,
): Subject {
  if (!/^[A-Z0-9]{1,16}$/.test(code) || !Number.isSafeInteger(shiftSeconds))
    throw new NocturneError('unsafe_step_failed')
  const map = uidMapper(digest('uid'))
  const uids: UidPair[] = []
  return {
    rules: rulesOf(profile),
    identifiers: source.identifiers,
    pace: source.pace,
    mapUid: (uid) => {
      const mapped = map(uid)
      uids.push([uid, mapped])
      return mapped
    },
    digestValue: valueDigester(digest('report')),
    code,
    shiftSeconds,
    vocabulary: vocabularyOf(profile.languages),
    cleansText: profile.options.includes(CLEAN_DESCRIPTORS),
    keepsOffsets: source.keepsOffsets,
    report: [],
    uids,
  }
}
