/** Serves files built for browsers, under the policy of the page to which they belong. */
import { Router } from 'express'
import type { Response } from 'express'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { NocturneError } from '../lib/errors.js'

const FOLDER = fileURLToPath(new URL('../web/pages/', import.meta.url))
/** Where the nonce of a response goes, in the policy and in the page. */
const NONCE = '{nonce}'

export interface Page {
  /** URL path of the page itself; the other files are loaded by it. */
  readonly path: string
  /** Files of the build, by URL path. */
  readonly files: Readonly<Record<string, string>>
  /**
   * Content-Security-Policy. `{nonce}` in it, and in the page, is replaced by a new nonce for every
   * response.
   */
  readonly policy: string
}

export function servePage({ path: own, files, policy }: Page): Router {
  const router = Router()
  for (const [path, file] of Object.entries(files)) {
    const missing = (cause: unknown) => new NocturneError('not_found', { cause })
    if (path === own && policy.includes(NONCE)) {
      router.get(path, async (_request, response) => {
        const page = await readFile(`${FOLDER}${file}`, 'utf8').catch((cause: unknown) => {
          throw missing(cause)
        })
        const nonce = randomBytes(16).toString('base64url')
        setPageHeaders(response, policy.replaceAll(NONCE, nonce))
        response.type('html').send(page.replaceAll(NONCE, nonce))
      })
      continue
    }
    router.get(path, (_request, response, next) => {
      setPageHeaders(response, policy)
      response.sendFile(file, { root: FOLDER, cacheControl: false }, (error?: Error) => {
        if (error) next(missing(error))
      })
    })
  }
  return router
}

export function setPageHeaders(response: Response, policy: string): void {
  response.set({
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-cache',
    'Referrer-Policy': 'no-referrer',
  })
}
