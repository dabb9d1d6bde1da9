/** Notes on cases. */
import * as z from 'zod/mini'
import { about, certificate, id, instant, recipient } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const text = z.string().check(z.maxLength(500))

/** In base64. */
const MAX_MESSAGE = 120_000

export const noteView = z.looseObject({
  id,
  code: about('Of the case on which it was written.', text),
  author: about('Facility, sender or reader that wrote it.', text),
  notedAt: instant,
  message: about(
    'One OpenPGP message in base64, sealed to the facility and the readers of the group, and signed by its author.',
    z.string().check(z.maxLength(MAX_MESSAGE)),
  ),
  certificate: about('Certificate of the author at that time, armored.', certificate),
})
export type NoteView = Named<z.infer<typeof noteView>>

export const notesAnswer = z.looseObject({
  notes: about('Oldest first.', z.array(noteView).check(z.maxLength(1_000))),
})

export const noteAnswer = z.looseObject({
  note: noteView,
  isRepeated: about('The same message had come before; nothing was added.', z.boolean()),
  receipt: z.optional(receipt),
})
export type NoteAnswer = Named<z.infer<typeof noteAnswer>>

export const noteRecipientsAnswer = z.looseObject({
  code: about('Of the case.', text),
  gateway: text,
  recipients: about(
    'The facility, the readers of the group, and recovery.',
    z.array(recipient).check(z.maxLength(1_000)),
  ),
})

export const newNote = z.strictObject({
  /** One OpenPGP message in base64, sealed to the recipients of the case's notes. */
  message: z.base64().check(z.maxLength(MAX_MESSAGE)),
})
