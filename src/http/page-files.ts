/** Serves files built for browsers, under the policy of the page to which they belong. */
import { Router } from 'express'
import type { Response } from 'express'
import { fileURLToPath } from 'node:url'
import { NocturneError } from '../lib/errors.js'

const FOLDER = fileURLToPath(new URL('../web/pages/', import.meta.url))

export interface Page {
  /** URL path of the page itself; the other files are loaded by it. */
  readonly path: string
  /** Files of the build, by URL path. */
  readonly files: Readonly<Record<string, string>>
  /** Content-Security-Policy. */
  readonly policy: string
}

export function servePage({ files, policy }: Page): Router {
  const router = Router()
  for (const [path, file] of Object.entries(files))
    router.get(path, (_request, response, next) => {
      setPageHeaders(response, policy)
      response.sendFile(file, { root: FOLDER, cacheControl: false }, (error?: Error) => {
        if (error) next(new NocturneError('not_found', { cause: error }))
      })
    })
  return router
}

export function setPageHeaders(response: Response, policy: string): void {
  response.set({
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-cache',
    'Referrer-Policy': 'no-referrer',
  })
}
