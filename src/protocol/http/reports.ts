/** Reports from readers: lists, one report, and its recipients. */
import * as z from 'zod/mini'
import { about, certificate, count, id, instant, recipient, sha256, word } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))

export const reportView = z.looseObject({
  id,
  case: id,
  code: about('Of the case.', text),
  facility: text,
  group: about('Reading group.', text),
  status: word('Kind of report', 'preliminary', 'final', 'addendum'),
  agreement: z.optional(
    word('Whether a final report agrees with the preliminary one', 'agree', 'minor', 'major'),
  ),
  author: about('Reader who signed it.', text),
  sha256: about('SHA-256 of the sealed message, hexadecimal.', sha256),
  size: about('Bytes of the sealed message.', count),
  signedAt: about("By the reader's clock.", instant),
  receivedAt: instant,
  acknowledgedAt: z.optional(about('When the facility confirmed that it has the report.', instant)),
})
export type ReportView = Named<z.infer<typeof reportView>>

export const reportsAnswer = z.looseObject({
  reports: about('Oldest first.', z.array(reportView).check(z.maxLength(10_000))),
})

/** One report with the statement that its reader signed. */
export const reportAnswer = z.looseObject({
  ...reportView.shape,
  statement: about('Canonical JSON (RFC 8785): what the reader signed.', text),
  signature: about('Armored detached OpenPGP signature.', z.string().check(z.maxLength(16_384))),
  certificate: about('Certificate of the reader at that time, armored.', certificate),
})
export type ReportAnswer = Named<z.infer<typeof reportAnswer>>

export const reportSentAnswer = z.looseObject({
  report: reportView,
  isRepeated: about('The same message had come before; nothing was added.', z.boolean()),
  receipt: z.optional(receipt),
})
export type ReportSentAnswer = Named<z.infer<typeof reportSentAnswer>>

export const reportAcknowledgedAnswer = z.looseObject({
  report: reportView,
  receipt: z.optional(receipt),
})

/** The recipients of a report on this case. */
export const reportRecipientsAnswer = z.looseObject({
  case: id,
  code: text,
  gateway: text,
  part: z.optional(
    about(
      'Of a part that is shared by body region: code of the whole case, and region.',
      z.object({ code: text, region: text }),
    ),
  ),
  recipients: about(
    'The facility, the readers of the group, and recovery.',
    z.array(recipient).check(z.maxLength(1_000)),
  ),
})
export type ReportRecipientsAnswer = Named<z.infer<typeof reportRecipientsAnswer>>

export const reportsQuery = z.strictObject({
  waiting: z.optional(
    about('`true`: only those that the facility has not acknowledged.', z.enum(['true', 'false'])),
  ),
})
