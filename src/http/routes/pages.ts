/** The pages that a browser runs: static files of the build, under a policy that lets them fetch nothing else. */
import { Router } from 'express'
import { fileURLToPath } from 'node:url'
import { NocturneError } from '../../lib/errors.js'

const FOLDER = fileURLToPath(new URL('../../web/pages/', import.meta.url))
const FILES: Readonly<Record<string, string>> = {
  '/open': 'open.html',
  '/open.css': 'open.css',
  '/open.js': 'open.js',
  '/open-worker.js': 'open-worker.js',
}

/**
 * `connect-src 'none'`: the page holds a private key, so it may send nothing, not even here. WebAssembly is openpgp's for
 * keys whose passphrase is stretched with Argon2 (RFC 9580 section 3.7.1.4).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function pageRoutes(): Router {
  const router = Router()
  for (const [path, file] of Object.entries(FILES))
    router.get(path, (_request, response, next) => {
      response.set({
        'Content-Security-Policy': POLICY,
        'Cache-Control': 'no-cache',
        'Referrer-Policy': 'no-referrer',
      })
      response.sendFile(file, { root: FOLDER, cacheControl: false }, (error?: Error) => {
        if (error) next(new NocturneError('not_found', { cause: error }))
      })
    })
  return router
}
