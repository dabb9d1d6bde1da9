/**
 * 405 with `Allow` for a path of the reference that was requested with an unsupported method; 404
 * for any other path.
 */
import type { RequestHandler } from 'express'
import { NocturneError } from '../lib/errors.js'
import { ROUTES } from '../protocol/http/routes.js'

const TEMPLATES = Object.keys(ROUTES).map((key) => {
  const [method = '', path = ''] = key.split(' ')
  return { method, pattern: patternOf(path) }
})

export const otherMethods: RequestHandler = (request, response) => {
  const methods = TEMPLATES.filter(({ pattern }) => pattern.test(request.path)).map(
    ({ method }) => method,
  )
  // A supported method would have been answered by its route already, unless the resource does not
  // exist.
  if (methods.length === 0 || methods.includes(request.method)) throw new NocturneError('not_found')
  const allowed = new Set([...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])
  response.set('Allow', [...allowed].sort().join(', '))
  throw new NocturneError('method_not_allowed')
}

/** `{path}` at the end matches several segments, any other name matches one. */
function patternOf(path: string): RegExp {
  const source = path
    .replace(/[.]/g, '\\.')
    .replace(/\{path\}$/, '.+')
    .replace(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${source}$`)
}
