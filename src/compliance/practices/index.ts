/** Twelve months of recognised security practices (Public Law 116-321), by the ledger. */
export { PRACTICES } from './definitions.js'
export { practicesOf } from './evidence.js'
export type { PracticeReport, PracticeSources } from './evidence.js'
export { practicesCsv, practicesPdf } from './render.js'
