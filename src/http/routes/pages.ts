/** The page that opens sealed files in a browser, under a policy that blocks all connections. */
import type { Page } from '../page-files.js'

/**
 * `connect-src 'none'`: the page holds a private key, so it may send nothing, not even here.
 * WebAssembly is used by openpgp for keys whose passphrase is derived with Argon2 (RFC 9580 section
 * 3.7.1.4).
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

export const OPEN_PAGE: Page = {
  path: '/open',
  files: {
    '/open': 'open.html',
    '/open.css': 'open.css',
    '/open.js': 'open.js',
    '/open-worker.js': 'open-worker.js',
  },
  policy: POLICY,
}
