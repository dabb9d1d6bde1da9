/** Feedback on reports. */
import * as z from 'zod/mini'
import { about, certificate, id, instant, recipient } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))

/** In base64. */
const MAX_MESSAGE = 90_000

export const feedbackView = z.looseObject({
  id,
  report: id,
  code: about('Of the case.', text),
  author: about('Reader who signed the report.', text),
  giver: about('Facility or reader that gave the feedback.', text),
  givenAt: instant,
  readAt: z.optional(about('When the author first fetched it.', instant)),
  certificate: about('Certificate of the giver at that time, armored.', certificate),
})
export type FeedbackView = Named<z.infer<typeof feedbackView>>

export const feedbackListAnswer = z.looseObject({
  feedback: about('Newest first.', z.array(feedbackView).check(z.maxLength(1_000))),
})

export const feedbackAnswer = z.looseObject({
  feedback: feedbackView,
  isRepeated: about('The same message had come before; nothing was added.', z.boolean()),
  receipt: z.optional(receipt),
})
export type FeedbackAnswer = Named<z.infer<typeof feedbackAnswer>>

export const feedbackRecipientsAnswer = z.looseObject({
  gateway: text,
  recipients: about('The author of the report.', z.array(recipient).check(z.maxLength(1))),
})

export const newFeedback = z.strictObject({
  /** One OpenPGP message in base64, sealed to the author of the report. */
  message: z.base64().check(z.maxLength(MAX_MESSAGE)),
})
