/**
 * Under Trusted Types, a worker starts only from an address that a policy has passed: the build's
 * own scripts, and no other.
 */
const OWN = new Set(['/key-worker.js', '/decodeImageFrameWorker.js', '/notices.js'])

interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): unknown
}

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory }
trustedTypes?.createPolicy('default', {
  createScriptURL: (url) => {
    const { origin, pathname } = new URL(url, location.href)
    if (origin === location.origin && OWN.has(pathname)) return url
    throw new TypeError('not a script of this page')
  },
})
