import { CATALOGUE } from '../../../lib/errors.js'
import type { Code } from '../../../lib/errors.js'
import { KeyError } from '../keys/key-worker-handle.js'
import { GatewayRefusal, sentence } from './gateway.js'

/** What happened and what to do, as the catalogue of errors has it. */
export function Problem({ error }: { readonly error: unknown }) {
  if (error === null || error === undefined) return null
  const { title, hint } = textsOf(error)
  return (
    <p className="problem" role="alert">
      <strong>{title}</strong> {hint}
    </p>
  )
}

export function textsOf(error: unknown): { readonly title: string; readonly hint: string } {
  if (error instanceof GatewayRefusal) return { title: error.message, hint: error.hint }
  if (error instanceof KeyError && error.code in CATALOGUE) {
    const { title, hint } = CATALOGUE[error.code as Code]
    return { title: sentence(title), hint: sentence(hint.replaceAll('`', '')) }
  }
  return { title: 'Something failed in this page.', hint: 'Reload it and sign in again.' }
}
