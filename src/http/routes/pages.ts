/** The pages and the policies under which browsers run them. */
import type { Page } from '../page-files.js'

/** The front door: which page is for whom. */
const START_PAGE: Page = {
  path: '/',
  files: { '/': 'start.html', '/start.css': 'start.css' },
  policy:
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

/**
 * Of a page on which people work: react-aria writes its styles with the nonce. Under Trusted Types,
 * scripts start only from the addresses that the page's policy `default` passes.
 */
const workingPolicy = (more: { readonly scripts?: string; readonly images: string }): string =>
  [
    "default-src 'none'",
    ["script-src 'self'", more.scripts].filter(Boolean).join(' '),
    "worker-src 'self'",
    "style-src 'self' 'nonce-{nonce}'",
    `img-src ${more.images}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ')

/** Where an invited person makes their key. The link's secret is in the fragment. */
const JOIN_PAGE: Page = {
  path: '/join',
  files: { '/join': 'join.html', '/join.js': 'join.js' },
  policy: workingPolicy({ images: 'data:' }),
}

/** For pages with the viewer: WebAssembly decodes pixel data; `blob:` images are its cursors. */
const VIEWER = { scripts: "'wasm-unsafe-eval'", images: "'self' blob: data:" }

/** What a facility sends and gets back; it looks at what is held in the viewer. */
const SEND_PAGE: Page = {
  path: '/send',
  files: { '/send': 'send.html', '/send.js': 'send.js' },
  policy: workingPolicy(VIEWER),
}

/** What an officer asks the ledger, and keeps. */
const OFFICE_PAGE: Page = {
  path: '/office',
  files: { '/office': 'office.html', '/office.js': 'office.js', '/records.css': 'records.css' },
  policy: workingPolicy({ images: 'data:' }),
}

/** What an operator sees of the site. */
const RUN_PAGE: Page = {
  path: '/run',
  files: { '/run': 'run.html', '/run.js': 'run.js' },
  policy: workingPolicy({ images: 'data:' }),
}

/** Worklist and viewer. */
const READ_PAGE: Page = {
  path: '/read',
  files: {
    '/read': 'read.html',
    '/pages.css': 'pages.css',
    '/read.js': 'read.js',
    '/viewer.js': 'viewer.js',
  },
  policy: workingPolicy(VIEWER),
}

/** The viewer's decoder: it fetches its own WebAssembly and nothing else is served to it. */
const DECODER: Page = {
  path: '/decodeImageFrameWorker.js',
  files: {
    '/decodeImageFrameWorker.js': 'decodeImageFrameWorker.js',
    '/wasm/charlswasm_decode.wasm': 'wasm/charlswasm_decode.wasm',
    '/wasm/libjpegturbowasm_decode.wasm': 'wasm/libjpegturbowasm_decode.wasm',
    '/wasm/openjpegwasm_decode.wasm': 'wasm/openjpegwasm_decode.wasm',
    '/wasm/openjphjs.wasm': 'wasm/openjphjs.wasm',
  },
  policy: "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
}

/**
 * The worker that has the reader's private key: it may connect nowhere. A worker is under the
 * policy of its own response (CSP 3 section 4.2.4).
 */
const KEY_WORKER: Page = {
  path: '/key-worker.js',
  files: { '/key-worker.js': 'key-worker.js' },
  policy: "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src 'none'",
}

/** The service worker that shows notifications: it loads nothing, and may connect nowhere. */
const NOTICES: Page = {
  path: '/notices.js',
  files: { '/notices.js': 'notices.js' },
  policy: "default-src 'none'",
}

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

const OPEN_PAGE: Page = {
  path: '/open',
  files: {
    '/open': 'open.html',
    '/open.css': 'open.css',
    '/open.js': 'open.js',
    '/open-worker.js': 'open-worker.js',
  },
  policy: POLICY,
}

export const PAGES = [
  ...[START_PAGE, JOIN_PAGE, READ_PAGE, SEND_PAGE],
  ...[OFFICE_PAGE, RUN_PAGE, OPEN_PAGE],
]

/** Scripts that pages start in workers, under policies of their own. */
export const WORKERS = [DECODER, KEY_WORKER, NOTICES]
