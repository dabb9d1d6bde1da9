import { providerQuery } from '../packs.js'
import type { RouteDoc, Routes } from '../route.js'

const officer: Pick<RouteDoc, 'roles' | 'tag'> = { roles: ['officer'], tag: 'Compliance' }
const zip = (about: string) => ({
  200: {
    about,
    type: 'application/zip' as const,
    headers: { 'Content-Disposition': 'Suggests a file name.' },
  },
})

export const PACK_ROUTES: Routes = {
  'GET /v1/provider-audits/{group}': {
    ...officer,
    summary: 'Audit a reading group for a year',
    path: { group: 'A reading group.' },
    query: providerQuery,
    answers: zip('A ZIP with a PDF, CSV and JSON, and the proofs.'),
    errors: ['not_found', 'report_too_large'],
  },
  'GET /v1/audit/anomalies/pack': {
    ...officer,
    tag: 'Reviews, holds, pruning',
    summary: 'Export what to look at first in the review',
    answers: zip('A ZIP with CSV and JSON, and the entries with their proofs.'),
  },
  'GET /v1/safeguards': {
    ...officer,
    summary: 'Map the safeguards from origin to distant site',
    answers: zip(
      'A ZIP with the map as SVG, the asset inventory as CSV, PDF, JSON, and the proofs.',
    ),
  },
  'GET /v1/practices': {
    ...officer,
    summary: 'Report since when recognised practices have been in place',
    answers: zip('A ZIP with a PDF, CSV and JSON, and the proofs.'),
  },
}
