/** The path of one instance through this room. */
import { NocturneError } from '../lib/errors.js'
import type { ReceivedInstance } from '../receive/index.js'
import { cleanPixels } from './blank/blank.js'
import { judgeOf } from './blank/judge-words.js'
import { Budget, Reader, type Start, dropTail, inflated, readStart } from '../dicom/index.js'
import { passPixels } from '../dicom/pixel-data/index.js'
import { LargeHeaderTurn } from '../lib/large-headers.js'
import { Pace } from '../lib/pace.js'
import { hex } from '../dicom/dictionary/index.js'
import type { Encoding } from '../dicom/elements/index.js'
import { checkHeader, makeHeader, type Made } from './header.js'
import { DIRECTORY, readUids, type Uids } from './identity/identity.js'
import type { DeidentifiedInstance, DeidentifyContext, InstanceFacts } from './contract.js'
import { encodeStart } from '../dicom/write/index.js'
import { bytesOf } from './file-bytes.js'
import { CLEAN_PIXELS } from './rules/options.js'

/**
 * Allowance on top of the header: group 0002 before it, and the first bytes of Pixel Data after it.
 */
const LOOK_AHEAD = 0x11000
/** Number of elements allowed in a deflated file, however small it is. */
const NODES_ANYWAY = 2000

/**
 * De-identifies one instance. Resolves when the new header has been written, re-read, and found
 * free of identifiers. The pixels are then streamed through `bytes`, which must be read once and to
 * the end. `report` is complete after that.
 *
 * The source is not closed when this throws: the caller must read the rest of it.
 *
 * @throws NocturneError when the instance cannot be shown to be safe. Errors of the source are
 *   thrown unchanged.
 */
export async function deidentify(
  instance: ReceivedInstance,
  context: DeidentifyContext,
): Promise<DeidentifiedInstance> {
  const turn = new LargeHeaderTurn(context.facility ?? '')
  const outer = new Reader(instance.bytes, context.headerBytes + LOOK_AHEAD, turn)
  try {
    return await begin(outer, turn, context)
  } catch (error) {
    throw asFailure(error, outer)
  } finally {
    turn.end()
  }
}

async function begin(
  outer: Reader,
  turn: LargeHeaderTurn,
  context: DeidentifyContext,
): Promise<DeidentifiedInstance> {
  const start = await readStart(outer)
  const pace = new Pace()
  if (start.sopClassUID === DIRECTORY) throw new NocturneError('media_directory')
  if (!start.syntax.isDeflated)
    return await pass(
      start,
      { reader: outer, at: start.end, budget: new Budget(pace) },
      outer,
      context,
    )
  outer.forget(start.end)
  const source = inflated(outer.rest(), context.rawDeflate)
  const inner = new Reader(source.bytes, context.headerBytes + LOOK_AHEAD, turn)
  // However well it deflates, an element takes at least a few bits, so a small file cannot contain
  // many.
  const budget = new Budget(pace, () => NODES_ANYWAY + source.taken())
  try {
    return await pass(start, { reader: inner, at: 0, budget }, outer, context)
  } catch (error) {
    await source.bytes.return()
    throw error
  }
}

/**
 * Any error other than our own and the source's means that a step failed: the instance is refused,
 * and the cause is kept for the log.
 */
function asFailure(error: unknown, source: Reader): unknown {
  if (error instanceof NocturneError || (error !== undefined && error === source.failure))
    return error
  return new NocturneError('unsafe_step_failed', { cause: error })
}

/** Where to read the data set: in the file itself, or in its inflated content. */
interface Dataset {
  readonly reader: Reader
  /** Offset in `reader` where it begins. */
  readonly at: number
  readonly budget: Budget
}

/** `source` is the file, whose errors are thrown unchanged. */
async function pass(
  start: Start,
  { reader, at, budget }: Dataset,
  source: Reader,
  context: DeidentifyContext,
): Promise<DeidentifiedInstance> {
  const { syntax } = start
  // The source's header is released before the new one is re-read: their elements are never in
  // memory at the same time.
  const made = await makeHeader(reader, at, syntax, context, budget)
  const { subject, wayBack } = made
  const { header, again } = await subject.pace.run(
    checkHeader(made.header, made.enveloped, syntax.encoding, subject),
  )
  const facts = factsOf(readUids(again, header), made, start)
  const meta = encodeStart(facts.sopClassUID, facts.sopInstanceUID, syntax.uid)
  const pixels = pixelsOf(reader, made, syntax.encoding)
  const finish = () => finishFile(reader, made, syntax.encoding, context)
  const fail = (error: unknown) => asFailure(error, source)
  const bytes = syntax.isDeflated
    ? bytesOf(
        [meta, context.rawDeflate.deflate(bytesOf([header, ...pixels], finish, same))],
        done,
        fail,
      )
    : bytesOf([meta, header, ...pixels], finish, fail)
  const deidentified: Unminted = { kind: 'instance', facts, report: subject.report, wayBack, bytes }
  return deidentified as DeidentifiedInstance
}

type Unminted = Pick<DeidentifiedInstance, 'kind' | 'facts' | 'report' | 'wayBack' | 'bytes'>

/** Read from the new header itself, so that they match what a reader will find. */
function factsOf(
  now: Uids,
  { identity, patient, idHandle, order, verdict }: Made,
  { syntax }: Start,
): InstanceFacts {
  const uids = [now.studyInstanceUID, now.seriesInstanceUID, now.sopInstanceUID]
  if (!uids.every((uid) => /^[0-9.]{1,64}$/.test(uid))) throw new NocturneError('malformed')
  return {
    studyInstanceUID: now.studyInstanceUID,
    seriesInstanceUID: now.seriesInstanceUID,
    sopInstanceUID: now.sopInstanceUID,
    sopClassUID: identity.sopClassUID,
    transferSyntaxUID: syntax.uid,
    modality: identity.modality,
    patient,
    idHandle,
    ...(order !== undefined && { order }),
    pixelsAtRisk: verdict.isAtRisk,
    pixelsBlanked: verdict.blanking !== undefined,
  }
}

const BEHIND = 'an element follows Pixel Data that must precede it (PS3.5 section 7.1)'

const same = (error: unknown): unknown => error
const done = (): Promise<void> => Promise.resolve()

function pixelsOf(
  reader: Reader,
  { pixels, extent, verdict, subject }: Made,
  encoding: Encoding,
): readonly AsyncIterable<Buffer>[] {
  if (!pixels) return []
  const { report, pace } = subject
  const { blanking, work } = verdict
  if (blanking) {
    const reason = `blanking rule: ${blanking.rule}`
    const path = hex(pixels.tag)
    report.push({
      path,
      action: 'cleaned',
      reason,
      ...(blanking.isRead && { option: CLEAN_PIXELS }),
    })
  }
  return work
    ? [cleanPixels(reader, pixels, encoding, work, { judge: judgeOf(subject), pace })]
    : [passPixels(reader, pixels, encoding, extent)]
}

/** Reads what follows the pixels, and drops it. */
async function finishFile(
  reader: Reader,
  { pixels, subject }: Made,
  encoding: Encoding,
  { headerBytes }: DeidentifyContext,
): Promise<void> {
  if (!pixels) return
  const { rules, report, pace } = subject
  await dropTail({ reader, encoding, limit: headerBytes }, pace, ({ tag, vr }) => {
    const rule = rules.ruleFor({ tag, vr })
    // Elements that some profile keeps belong before Pixel Data, where they are checked.
    if (rule.step !== 'remove')
      throw new NocturneError('malformed', { place: { rule: BEHIND, offset: reader.position } })
    report.push({ path: hex(tag), action: 'removed', reason: rule.reason })
  })
}
