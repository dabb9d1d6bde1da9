/** Other machines that the gateway speaks to: receivers of notices, witnesses, and sinks. */
import { z } from 'zod'
import { PRINCIPAL_ID } from '../../protocol/words.js'
import { parseSinkUrl } from '../sink-url.js'
import { id, isEndpoint, path, read } from './fields.js'

export const notifySchema = z.strictObject({
  smtp: z
    .strictObject({
      host: z.string().min(1, 'is empty').max(253, 'is too long for a host'),
      port: z.int('is not a whole number').min(1, 'is too small').max(65_535, 'is too large'),
      secure: z.boolean().default(false),
      from: z.string().min(3, 'is not an address').max(254, 'is too long for an address'),
      user: z.string().min(1, 'is empty').max(254, 'is too long').optional(),
      passwordFile: path.optional(),
      ca: path.optional(),
    })
    .optional(),
  webhooks: z
    .array(
      z.strictObject({
        id,
        url: z.string().refine(isHook, 'is neither an https address nor on this machine'),
        secretFile: path,
      }),
    )
    .max(8, 'has too many webhooks')
    .default([]),
  push: z
    .strictObject({
      hosts: z
        .array(
          z
            .string()
            .regex(/^(\*\.)?[a-z0-9.-]+(:\d{1,5})?$/, 'is not a host')
            .max(253, 'is too long for a host'),
        )
        .max(50, 'has too many hosts'),
      subject: z.string().regex(/^(mailto:|https:\/\/)\S{3,250}$/, 'is not an address'),
    })
    .optional(),
})

/** c2sp.org/tlog-witness; the key is a verifier key, `NAME+ID+KEY`. */
export const witnessFields = {
  name: z.string().regex(PRINCIPAL_ID, 'is not an ID'),
  url: z.string().refine(isEndpoint, 'is not an http(s) address'),
  key: z.string().regex(/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/, 'is not a verifier key'),
}

/** Where the ledger is forwarded to. */
export const sinkFields = {
  id,
  url: read(parseSinkUrl),
  format: z.enum(['dicom', 'fhir', 'json']).default('dicom'),
  ca: path.optional(),
  certificate: path.optional(),
  key: path.optional(),
}

/**
 * Notices hold no PHI, and say when which facility has urgent studies: that is for nobody on the
 * way to read.
 */
function isHook(text: string): boolean {
  if (!isEndpoint(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
