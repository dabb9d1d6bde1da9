/**
 * Must be imported first: the policy of every page forbids eval, which zod tries when a schema is
 * created, and each attempt would be reported as a violation.
 */
import * as z from 'zod/mini'

z.config({ jitless: true })
