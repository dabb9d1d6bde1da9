/** The way of one instance through this room. */
import { NocturneError } from '../lib/errors.js'
import type { ReceivedInstance } from '../receive/index.js'
import { expectAgreement } from './agreement.js'
import { cleanPixels } from './blank/blank.js'
import { judgePixels, type PixelVerdict } from './blank/plan.js'
import { decodeDefault } from './charset.js'
import { expectNoIdentifier } from './check.js'
import { findElement, type Element, type Encoding } from './element.js'
import { addEncryptedAttributes } from './encrypted-attributes.js'
import { DIRECTORY, handleOf, readIdentity, type Identity } from './identity.js'
import type { DeidentifiedInstance, DeidentifyContext, InstanceFacts, Pseudonym } from './index.js'
import { deflated, inflated } from './inflate.js'
import { keyedDigest, uidMapper, valueDigester } from './keys.js'
import { encodeMarks, encodeStart } from './marks.js'
import { CLEAN_DESCRIPTORS, CLEAN_PIXELS } from './options.js'
import type { UidPair } from './memo.js'
import { identifiersOf } from './named.js'
import { Pace, type Steps } from './pace.js'
import { readStart, type Start } from './part10.js'
import { passPixels } from './pixels.js'
import { Reader } from './reader.js'
import { characterSetOf, decodeOf, rewriteDataset, type Scope } from './rewrite.js'
import { rulesOf } from './rules.js'
import { dropTail, readHead, type Stretch } from './stretch.js'
import type { Subject } from './subject.js'
import { hex } from './dictionary.js'
import { Budget, readDataset } from './walk.js'
import { collectOriginals } from './way-back.js'
import { encodeElement, encodeText } from './write.js'

/** Beyond the header: group 0002 before it, and the first bytes of Pixel Data behind it. */
const LOOK_AHEAD = 0x11000
/** What a deflated file may hold however small it is. */
const NODES_ANYWAY = 2000
const PATIENT_TAGS = [
  [0x00100010, 'PN'],
  [0x00100020, 'LO'],
] as const

/**
 * De-identifies one instance. Resolves when the new header is made, was read again and holds no identifier; the pixels
 * then pass through `bytes`, which must be read once and to the end. `report` is complete after that.
 *
 * The source is not closed when this throws: what is left of it is the caller's to read.
 *
 * @throws NocturneError when the instance cannot be shown to be safe; whatever the source throws, unchanged.
 */
export async function deidentify(
  instance: ReceivedInstance,
  context: DeidentifyContext,
): Promise<DeidentifiedInstance> {
  const outer = new Reader(instance.bytes, context.headerBytes + LOOK_AHEAD)
  return guarded(outer, async () => {
    const start = await readStart(outer)
    const pace = new Pace()
    if (start.sopClassUID === DIRECTORY) throw new NocturneError('media_directory')
    if (!start.syntax.isDeflated)
      return await pass(outer, start, start.end, context, outer, new Budget(pace))
    outer.forget(start.end)
    const source = inflated(outer.rest())
    const inner = new Reader(source.bytes, context.headerBytes + LOOK_AHEAD)
    // An element takes some bits at least, however well it deflates: a small file cannot claim many.
    const budget = new Budget(pace, () => NODES_ANYWAY + source.taken())
    try {
      return await pass(inner, start, 0, context, outer, budget)
    } catch (error) {
      await source.bytes.return()
      throw error
    }
  })
}

/** Anything but our own errors and the source's is a step that failed: closed, with the cause kept for the log. */
async function guarded<T>(source: Reader, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw asFailure(error, source)
  }
}

function asFailure(error: unknown, source: Reader): unknown {
  if (error instanceof NocturneError || (error !== undefined && error === source.failure))
    return error
  return new NocturneError('unsafe_step_failed', { cause: error })
}

async function pass(
  reader: Reader,
  start: Start,
  at: number,
  context: DeidentifyContext,
  source: Reader,
  budget: Budget,
): Promise<DeidentifiedInstance> {
  const { syntax } = start
  const { pace } = budget
  const head = await readHead(reader, at, syntax.encoding, at + context.headerBytes, budget)
  const identity = readIdentity(head.elements, reader.buffer)
  const verdict = judgePixels(head, reader.buffer, syntax, context)
  const digest = digestsOf(context)
  const { handle, isPatient } = handleOf(identity, digest('patient'))
  const pseudonym = await context.pseudonymOf(handle)

  pace.begin()
  const named = await pace.run(identifiersOf(head.elements, reader.buffer, pace))
  const subject = subjectOf(context, digest, pseudonym, pace, named)
  const { header, again } = await pace.run(
    rewriteHead(head, reader.buffer, syntax.encoding, subject, verdict, context),
  )
  const patient = isPatient ? handle : undefined
  const facts = {
    ...factsOf(readIdentity(again, header), identity, start),
    patient,
    pixelsAtRisk: verdict.isAtRisk,
    pixelsBlanked: verdict.plan !== undefined,
  }
  // `strip` leaves nothing that leads back, not even to the facility.
  const wayBack =
    context.profile.links === 'transfer'
      ? undefined
      : {
          code: subject.code,
          shiftSeconds: subject.rules.dates === 'modified' ? subject.shiftSeconds : 0,
          identity: identity.original,
          uids: [...new Map(subject.uids)],
          characterSet: characterSetOf(head.elements, reader.buffer)?.trim() ?? '',
          ...(await pace.run(
            collectOriginals(subject.changed, reader.buffer, syntax.encoding, pace),
          )),
        }
  reader.forget(head.end)

  const dataset = rest(reader, header, head, syntax.encoding, subject, verdict, context)
  const meta = encodeStart(facts.sopClassUID, facts.sopInstanceUID, syntax.uid)
  const bytes = file(meta, syntax.isDeflated ? deflated(dataset) : dataset, source)
  const deidentified: Unminted = { kind: 'instance', facts, report: subject.report, wayBack, bytes }
  return deidentified as DeidentifiedInstance
}

type Unminted = Pick<DeidentifiedInstance, 'kind' | 'facts' | 'report' | 'wayBack' | 'bytes'>

/** Keyed by the facility, and where the profile links no further than a transfer, by that too. */
function digestsOf({ profile, secret, transfer }: DeidentifyContext) {
  const scope = profile.links === 'transfer' ? ` transfer ${transfer}` : ''
  return (use: 'patient' | 'uid' | 'report') => keyedDigest(secret, use + scope)
}

function subjectOf(
  { profile }: DeidentifyContext,
  digest: ReturnType<typeof digestsOf>,
  { code, shiftSeconds }: Pseudonym,
  pace: Pace,
  named: Pick<Subject, 'identifiers' | 'isRepeated'>,
): Subject {
  if (!/^[A-Z0-9]{1,16}$/.test(code) || !Number.isSafeInteger(shiftSeconds))
    throw new NocturneError('unsafe_step_failed')
  const map = uidMapper(digest('uid'))
  const uids: UidPair[] = []
  return {
    rules: rulesOf(profile),
    ...named,
    pace,
    mapUid: (uid) => {
      const mapped = map(uid)
      uids.push([uid, mapped])
      return mapped
    },
    digestValue: valueDigester(digest('report')),
    code,
    shiftSeconds,
    cleansText: profile.options.includes(CLEAN_DESCRIPTORS),
    report: [],
    changed: [],
    uids,
  }
}

/** The new data set up to Pixel Data, checked. */
function* rewriteHead(
  { elements }: Stretch,
  buffer: Buffer,
  encoding: Encoding,
  subject: Subject,
  { plan, isFaceless }: PixelVerdict,
  { profile, secret, encryptedAttributes: recipient }: DeidentifyContext,
): Steps<{ header: Buffer; again: readonly Element[] }> {
  const { pace } = subject
  const isBlanked = plan !== undefined
  const photometric = plan && 'codec' in plan.way ? plan.way.codec.photometric : undefined
  const marks = { isBlanked, isFaceless, photometric }
  const additions = encodeMarks(profile, subject.rules.dates, marks, encoding)
  for (const [tag, vr] of PATIENT_TAGS) {
    if (findElement(elements, tag)) continue
    additions.set(tag, encodeElement(tag, vr, encodeText(subject.code, vr), encoding))
  }
  const decode = decodeOf(elements, buffer) ?? decodeDefault
  const scope: Scope = { subject, buffer, elements, encoding, decode, mode: 'check', path: '' }
  const { output } = yield* rewriteDataset(scope, additions)
  const clean = yield* output.toBuffer(pace)
  const read = yield* readDataset(clean, encoding, new Budget(pace))
  yield* expectNoIdentifier(read, clean, subject, encoding)
  const { header, again } = recipient
    ? yield* addEncryptedAttributes(
        { elements: read, buffer: clean, encoding },
        { elements, buffer, encoding },
        subject,
        recipient,
        keyedDigest(secret, 'attributes'),
      )
    : { header: clean, again: read }
  yield* expectAgreement(again, header, encoding, pace)
  return { header, again }
}

/** From the new header itself, so that they are what a reader will find. */
function factsOf(
  now: Identity,
  { sopClassUID, modality }: Identity,
  { syntax }: Start,
): Omit<InstanceFacts, 'patient' | 'pixelsAtRisk' | 'pixelsBlanked'> {
  const uids = [now.studyInstanceUID, now.seriesInstanceUID, now.sopInstanceUID]
  if (!uids.every((uid) => /^[0-9.]{1,64}$/.test(uid))) throw new NocturneError('malformed')
  return {
    studyInstanceUID: now.studyInstanceUID,
    seriesInstanceUID: now.seriesInstanceUID,
    sopInstanceUID: now.sopInstanceUID,
    sopClassUID,
    transferSyntaxUID: syntax.uid,
    modality,
  }
}

/** The data set: its new header, the pixels, and nothing of what lies behind them. */
async function* rest(
  reader: Reader,
  header: Buffer,
  { pixels }: Stretch,
  encoding: Encoding,
  { rules, report, pace }: Subject,
  verdict: PixelVerdict,
  { headerBytes }: DeidentifyContext,
): AsyncGenerator<Buffer, void> {
  yield header
  if (!pixels) return
  const { plan, inspection } = verdict
  if (plan) {
    const reason = `blanking rule: ${plan.rule}`
    report.push({ path: hex(pixels.tag), action: 'cleaned', reason, option: CLEAN_PIXELS })
  }
  if (plan ?? inspection) yield* cleanPixels(reader, pixels, encoding, verdict, pace)
  else yield* passPixels(reader, pixels, encoding)
  await dropTail(reader, encoding, headerBytes, pace, ({ tag, vr }) => {
    const rule = rules.ruleFor({ tag, vr })
    // Elements that some profile keeps belong before Pixel Data, where they are checked.
    if (rule.step !== 'remove') throw new NocturneError('malformed')
    report.push({ path: hex(tag), action: 'removed', reason: rule.reason })
  })
}

async function* file(
  meta: Buffer,
  dataset: AsyncIterable<Buffer>,
  source: Reader,
): AsyncGenerator<Buffer, void> {
  try {
    yield meta
    yield* dataset
  } catch (error) {
    throw asFailure(error, source)
  }
}
