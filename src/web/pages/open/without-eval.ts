/**
 * To be imported first: the policy of every page forbids code made from text, which zod would try
 * when a schema is made, and each try would be reported as a violation.
 */
import * as z from 'zod/mini'

z.config({ jitless: true })
