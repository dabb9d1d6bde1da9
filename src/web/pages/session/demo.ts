/**
 * Links that `scripts/quickstart` writes: they open a page of the demo site with its demo key. It
 * is in the fragment, so it is never sent; it is worth nothing elsewhere, and is refused there.
 */

/** The name that `nocturne init --demo` gives a gateway. */
export const DEMO_GATEWAY = 'demo.nocturne.example'
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

export interface DemoLink {
  readonly principal: string
  readonly key: File
}

/** @param hash `#demo=PRINCIPAL:KEY`, the key in base64url */
export function demoLinkIn(hash: string, hostname: string): DemoLink | undefined {
  const [, principal, key] = /^#demo=([a-z0-9-]{1,63}):([\w-]{1,20000})$/.exec(hash) ?? []
  if (principal === undefined || key === undefined || !LOOPBACK.has(hostname)) return undefined
  try {
    const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'))
    return { principal, key: new File([text], `${principal}.asc`) }
  } catch {
    return undefined
  }
}
