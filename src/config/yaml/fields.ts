/** Fields that stand in several sections of nocturne.yaml. */
import { z } from 'zod'
import { isLoopback, parseListen } from '../listen.js'
import { PRINCIPAL_ID } from '../../protocol/words.js'

/** Actors and recipients that the ledger names without their being in the configuration. */
export const RESERVED_IDS: ReadonlySet<string> = new Set([
  'anonymous',
  'gateway',
  'recovery',
  'site',
  'system',
])

/**
 * The allowed names of a gateway: a name is part of the ledger's origin and of key names
 * (c2sp.org/signed-note).
 */
export const GATEWAY_NAME_FORM = /^(?=.{1,120}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/

export const id = z
  .string()
  .regex(PRINCIPAL_ID, 'is not an ID')
  .refine((text) => !RESERVED_IDS.has(text), 'is a name that the ledger keeps for itself')
export const reference = z.string().regex(PRINCIPAL_ID, 'is not an ID')
export const path = z
  .string()
  .min(1, 'is empty')
  .max(1_024, 'is too long for a path')
  .refine((text) => !text.includes('\0'), 'is not a path')

/** Text as `parse` reads it; a text in return says what is wrong. */
export const read = <T>(parse: (text: string) => T | string) =>
  z.string().transform((text, context) => {
    const value = parse(text)
    if (typeof value !== 'string') return value
    context.addIssue({ code: 'custom', message: value })
    return z.NEVER
  })

/** The same for a parser that does not say what is wrong. */
export const parsed = <T>(parse: (text: string) => T | undefined, problem: string) =>
  read((text) => parse(text) ?? problem)

export const listen = read(parseListen)

export function isEndpoint(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && !url.username && !url.password
}

/** The same, and nothing is sent over plain HTTP beyond this machine. */
export const isPrivateEndpoint = (text: string): boolean =>
  isEndpoint(text) && (new URL(text).protocol === 'https:' || isLoopback(new URL(text).hostname))
