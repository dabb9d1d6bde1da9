/** Errors in FHIR format: an OperationOutcome with fixed texts. */
import type { Response } from 'express'
import { CATALOGUE } from '../../lib/errors.js'
import type { NocturneError } from '../../lib/errors.js'
import { setErrorHeaders } from '../problem.js'

/** FHIR's issue-type by the HTTP status of the error. */
const ISSUES: Readonly<Record<number, string>> = {
  401: 'login',
  403: 'forbidden',
  404: 'not-found',
  429: 'throttled',
  500: 'exception',
  503: 'transient',
}

export function sendOutcome(response: Response, error: NocturneError): void {
  const { status, hint } = CATALOGUE[error.code]
  const about = error.subject ?? error.field
  setErrorHeaders(response, error)
  sendFhir(response.status(status), {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        code: ISSUES[status] ?? 'invalid',
        details: { text: error.message },
        diagnostics: about === undefined ? hint : `${about}; ${hint}`,
      },
    ],
  })
}

/** The media type required by FHIR R4 (section 2.6.0.1). */
export function sendFhir(response: Response, resource: object): void {
  response.type('application/fhir+json; charset=utf-8').send(JSON.stringify(resource))
}
