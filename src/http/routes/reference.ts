/**
 * The reference of the HTTP interface: the OpenAPI document, a page that shows it, and a page for
 * each error code.
 */
import { Router } from 'express'
import { CATALOGUE, NocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { VERSION } from '../../lib/version.js'
import { openApiDocument } from '../../protocol/http/openapi.js'
import { errorPage, errorsPage } from '../error-pages.js'
import { servePage, setPageHeaders } from '../page-files.js'
import type { Page } from '../page-files.js'

/**
 * Swagger UI loads its icons from data URLs, and the HTML it writes passes a Trusted Types policy
 * of the page. It may request only the document.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify default',
].join('; ')

const TEXT_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const REFERENCE_PAGE: Page = {
  path: '/reference',
  files: {
    '/reference': 'reference.html',
    '/reference.css': 'reference.css',
    '/reference.js': 'reference.js',
    '/swagger-ui.css': 'swagger-ui.css',
    '/swagger-ui-bundle.js': 'swagger-ui-bundle.js',
  },
  policy: POLICY,
}

/**
 * Responds whatever else fails, because a person reading about an error may be experiencing one.
 */
export function referenceRoutes(): Router {
  const router = Router()
  let document: string | undefined

  router.get('/openapi.json', (_request, response) => {
    document ??= JSON.stringify(openApiDocument(VERSION))
    response.set('Cache-Control', 'no-cache').type('application/json').send(document)
  })

  router.get('/reference/errors', (_request, response) => {
    setPageHeaders(response, TEXT_POLICY)
    response.type('html').send(errorsPage())
  })

  router.get('/reference/errors/:code', (request, response) => {
    const { code } = request.params
    if (!isCode(code)) throw new NocturneError('not_found')
    setPageHeaders(response, TEXT_POLICY)
    response.type('html').send(errorPage(code))
  })

  router.use(servePage(REFERENCE_PAGE))
  return router
}

const isCode = (text: string): text is Code => Object.hasOwn(CATALOGUE, text)
