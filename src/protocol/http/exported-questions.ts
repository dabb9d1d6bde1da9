/** Questions that filters answer; an export of any other answer could not be verified. */
export const EXPORTED_QUESTIONS = [
  'refusals',
  'keys',
  'reads',
  'holds',
  'escalations',
  'critical',
  'takeovers',
  'identities',
  'health',
  'outside',
] as const

export type ExportedQuestion = (typeof EXPORTED_QUESTIONS)[number]
