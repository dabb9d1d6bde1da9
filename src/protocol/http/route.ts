/**
 * How a route is described: what the reference shows, and what tests check its answers against.
 */
import type * as z from 'zod/mini'
import type { Code } from '../../lib/errors.js'
import type { Role } from '../roles.js'

export interface AnswerDoc {
  readonly about: string
  /** Schema of a JSON body. */
  readonly json?: z.ZodMiniType
  /**
   * Media type of a body that is not JSON, or is JSON with another media type than
   * `application/json`.
   */
  readonly type?: string
  /** An alternative body for the same status, when the request asks for it. */
  readonly otherTypes?: readonly string[]
  /** Headers beyond `X-Request-Id`, with a sentence each. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface FormField {
  readonly about: string
  readonly isRequired?: boolean
  readonly isFile?: boolean
  readonly values?: readonly string[]
}

export interface RouteDoc {
  /** One of the headings of the reference. */
  readonly tag: string
  /** What the route does for a client: a short sentence without a period. */
  readonly summary: string
  /** Markdown. */
  readonly about?: string
  /** Who may use it; `anyone` needs no token, `any role` needs a valid one. */
  readonly roles: readonly Role[] | 'anyone' | 'any role'
  /** Descriptions of path parameters whose names do not say enough. */
  readonly path?: Readonly<Record<string, string>>
  readonly query?: z.ZodMiniObject
  /** Request headers that change what the route does. */
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: z.ZodMiniType
  readonly form?: Readonly<Record<string, FormField>>
  /** Media type of the form. */
  readonly formType?:
    'multipart/form-data' | 'multipart/related' | 'application/x-www-form-urlencoded'
  readonly answers: Readonly<Record<number, AnswerDoc>>
  /** Codes in addition to those that follow from the rest: see `errorsOf`. */
  readonly errors?: readonly Code[]
  /** Replaces the usual problem at the status of one code. */
  readonly problem?: { readonly of: Code; readonly json: z.ZodMiniObject }
  /** Media type of errors that have a format of their own. */
  readonly errorType?: string
  /** It answers even when the ledger cannot be written. */
  readonly answersAlways?: boolean
}

/** Keyed by method and template: `GET /v1/transfers/{id}`. */
export type Routes = Readonly<Record<string, RouteDoc>>

/** Routes to a transfer, a case or something in it: colleagues of the group know that it exists. */
const SEALED = /^\w+ \/v1\/(transfers|cases)\/\{/

/**
 * Every code that the route may answer with: its own, and those of the middleware in front of it.
 */
export function errorsOf(key: string, route: RouteDoc): readonly Code[] {
  const codes: Code[] = [...(route.errors ?? [])]
  if (route.query || route.json || route.form) codes.push('bad_request')
  if (route.json) codes.push('slow_client')
  if (key.includes('{')) codes.push('not_found')
  if (route.roles !== 'anyone')
    codes.push('unauthenticated', 'client_certificate_required', 'rate_limited')
  if (Array.isArray(route.roles)) {
    codes.push('forbidden')
    if (route.roles.includes('reader') && SEALED.test(key)) codes.push('not_sealed_to_you')
  }
  if (!route.answersAlways) codes.push('ledger_unavailable', 'database_unavailable', 'internal')
  codes.push('gateway_opening')
  return [...new Set(codes)]
}
