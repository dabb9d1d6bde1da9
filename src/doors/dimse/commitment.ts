/**
 * Storage commitment (PS3.4 Annex J): a PACS asks whether it may delete what it sent, and receives
 * a report of which instances are durable here.
 *
 * Requests are kept only in memory, because they name instances by their original UIDs. After a
 * restart the PACS has to ask again.
 */
import { EXPLICIT, IMPLICIT, readerOf } from '../../dicom/elements/index.js'
import type { Element, Encoding } from '../../dicom/elements/index.js'
import { encodeElement, encodeText } from '../../dicom/write/index.js'
import type { EventInput } from '../../ledger/log/index.js'
import { asNocturneError } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
import type { InstanceReference, Deposit } from '../../transfer/index.js'
import { Status } from './command.js'
import type { Caller, Services } from './conversation.js'
import { IMPLICIT_LITTLE } from './negotiate.js'
import { readRequest } from './request-data.js'

export interface CommitmentParts {
  /** Returns what is known about each of the facility's instances, in the same order. */
  readonly deposits: (
    facility: string,
    references: readonly InstanceReference[],
  ) => Promise<readonly Deposit[]>
  /**
   * Returns a function that sends a report over a new association; undefined if the site configures
   * no address for the peer.
   */
  readonly sendTo: (caller: Caller) => ((report: Report) => Promise<boolean>) | undefined
  readonly note: (event: EventInput) => Promise<unknown>
  readonly logger: Logger
}

export interface Report {
  /** 1: all are committed; 2: some are not (J.3.3.1.1). */
  readonly eventType: 1 | 2
  readonly dataSet: (encoding: Encoding) => Buffer
}

interface Request {
  readonly transaction: string
  readonly references: readonly InstanceReference[]
}

/**
 * Delays before each retry of a report. After the last one the report is dropped, and the PACS has
 * to ask again.
 */
const RETRY_MS = [10_000, 60_000, 300_000, 1_800_000] as const
const MAX_WAITING = 200

export interface Commitment {
  readonly commit: NonNullable<Services['commit']>
  /** Cancels pending reports. */
  close(): void
}

export function createCommitment(parts: CommitmentParts): Commitment {
  const timers = new Set<NodeJS.Timeout>()
  const deliver = (
    send: (report: Report) => Promise<boolean>,
    report: Report,
    attempt = 0,
  ): void => {
    void send(report)
      .catch(() => false)
      .then((isSent) => {
        const wait = RETRY_MS[attempt]
        if (isSent) return
        if (wait === undefined || timers.size >= MAX_WAITING) {
          parts.logger.warn('a storage commitment could not be reported', {
            code: 'association_broken',
          })
          return
        }
        const timer = setTimeout(() => {
          timers.delete(timer)
          deliver(send, report, attempt + 1)
        }, wait).unref()
        timers.add(timer)
      })
  }
  return {
    commit: async ({ caller, data, transferSyntax, report }) => {
      const encoding = transferSyntax === IMPLICIT_LITTLE ? IMPLICIT : EXPLICIT
      const request = await readRequest(data, encoding, requestIn)
      if (!request) {
        return { answer: { status: Status.mistypedArgument }, afterwards: () => Promise.resolve() }
      }
      const afterwards = async () => {
        const made = await reportOn(parts, caller, request)
        const send = parts.sendTo(caller)
        // A peer that listens for reports closes this association as soon as it has the response.
        if (send) deliver(send, made)
        else await report(made.eventType, made.dataSet(encoding))
      }
      return { answer: { status: Status.success }, afterwards }
    },
    close: () => timers.forEach((timer) => clearTimeout(timer)),
  }
}

async function reportOn(
  { deposits, note, logger }: CommitmentParts,
  { facility, aeTitle, address }: Caller,
  { transaction, references }: Request,
): Promise<Report> {
  const found = await deposits(facility, references).catch((error: unknown) => {
    logger.warn('a storage commitment could not be looked up', {
      code: asNocturneError(error).code,
    })
    return references.map((): Deposit => 'away')
  })
  const judged = references.map((reference, i) => ({ reference, found: found[i] ?? 'away' }))
  const committed = judged.filter((one) => one.found === 'stored')
  const failed = judged.filter((one) => one.found !== 'stored')
  const actor = { id: facility, role: 'sender', address } as const
  const detail = { aeTitle, asked: references.length, committed: committed.length }
  const outcome = failed.length === 0 ? 0 : 4
  await note({ type: 'commitment.reported', outcome, actor, facility, detail }).catch(
    (error: unknown) =>
      logger.warn('a storage commitment is not recorded', { code: asNocturneError(error).code }),
  )
  return {
    eventType: failed.length === 0 ? 1 : 2,
    dataSet: (encoding) =>
      Buffer.concat([
        uid(0x00081195, transaction, encoding),
        ...sequence(
          0x00081198,
          failed.map((one) => [
            ...referenceElements(one.reference, encoding),
            us(0x00081197, REASONS[one.found], encoding),
          ]),
          encoding,
        ),
        ...sequence(
          0x00081199,
          committed.map((one) => referenceElements(one.reference, encoding)),
          encoding,
        ),
      ]),
  }
}

/** PS3.3 C.14.1.1. */
export const REASONS: Readonly<Record<Deposit, number>> = {
  stored: 0,
  unknown: Status.noSuchInstance,
  'other class': 0x0119,
  away: Status.processingFailure,
}

function requestIn(elements: readonly Element[], bytes: Buffer): Request | undefined {
  const transaction = readerOf(elements, bytes)(0x00081195)
  const items = elements.find(({ tag }) => tag === 0x00081199)?.items ?? []
  const references = items.map((item) => {
    const read = readerOf(item.elements, bytes)
    return { sopClass: read(0x00081150), sopInstance: read(0x00081155) }
  })
  const isWhole = [transaction, ...references.map(({ sopInstance }) => sopInstance)].every((one) =>
    /^[0-9.]{1,64}$/.test(one),
  )
  return isWhole && references.length > 0 ? { transaction, references } : undefined
}

const uid = (tag: number, value: string, encoding: Encoding): Buffer =>
  encodeElement(tag, 'UI', encodeText(value, 'UI'), encoding)

function us(tag: number, value: number, encoding: Encoding): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return encodeElement(tag, 'US', bytes, encoding)
}

const referenceElements = (
  { sopClass, sopInstance }: InstanceReference,
  encoding: Encoding,
): Buffer[] => [uid(0x00081150, sopClass, encoding), uid(0x00081155, sopInstance, encoding)]

/** Leaves the sequence out when it is empty. */
function sequence(
  tag: number,
  items: readonly (readonly Buffer[])[],
  encoding: Encoding,
): Buffer[] {
  if (items.length === 0) return []
  const value = Buffer.concat(items.flatMap((elements) => [itemHead(elements), ...elements]))
  return [encodeElement(tag, 'SQ', value, encoding)]
}

/** Item tag (FFFE,E000) and length. Both accepted syntaxes are little endian. */
function itemHead(elements: readonly Buffer[]): Buffer {
  const head = Buffer.from('feff00e000000000', 'hex')
  head.writeUInt32LE(
    elements.reduce((sum, { length }) => sum + length, 0),
    4,
  )
  return head
}
