/** Studies that wait until a person names the group that reads them. */
import * as z from 'zod/mini'
import { PRIORITIES } from '../priority.js'
import { WAITS, about, count, id, instant, principalId, word } from '../words.js'

const waitingStudy = z.looseObject({
  transfer: id,
  facility: principalId,
  reason: word('Why it waits: no rule names a group, or a rule holds it for a person', ...WAITS),
  priority: word('Priority', ...PRIORITIES),
  since: instant,
  items: about('Accepted items so far.', count),
  bytes: about('Size of their content in bytes.', count),
  groups: about('The groups that it can be given to.', z.array(principalId)),
  group: z.optional(
    about('Named by a person; it goes there as soon as it has arrived.', principalId),
  ),
})

export const waitingAnswer = z.looseObject({
  studies: about('At most 1,000, oldest first.', z.array(waitingStudy)),
})

export const assignRequest = z.strictObject({
  group: about('One of `groups`.', z.string().check(z.minLength(1), z.maxLength(63))),
  priority: z.optional(z.enum(PRIORITIES)),
})

export const assignedAnswer = z.looseObject({
  transfer: id,
  group: principalId,
  priority: word('Priority', ...PRIORITIES),
  state: word(
    'Whether readers have it now; `arriving` until it is complete',
    'available',
    'arriving',
    'empty',
  ),
})

const words = z.optional(z.string().check(z.maxLength(8_000)))

export const requisitionRequest = z.strictObject({
  accession: about('As the images have it.', z.string().check(z.maxLength(64))),
  patientId: about(
    'As the images have it. Used to find the study, and never kept.',
    z.string().check(z.maxLength(64)),
  ),
  procedure: words,
  reason: words,
  question: words,
  contrast: words,
  history: words,
  callback: z.optional(
    about('Number of the ordering provider.', z.string().check(z.maxLength(250))),
  ),
  names: z.optional(
    about(
      'Names that the texts may contain, of the patient and others: none of their words pass.',
      z.array(z.string().check(z.maxLength(250))).check(z.maxLength(100)),
    ),
  ),
})

export const requisitionAnswer = z.looseObject({
  transfer: id,
  state: word(
    'Whether it is with the readers of its study, waits for it, or came before',
    'matched',
    'waiting',
    'duplicate',
  ),
})
