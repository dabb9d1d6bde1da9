import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readText, resolvePath } from './files.js'
import { shorten } from './yaml/expectations.js'
import type { SiteProblem } from './site-config.js'

export interface TlsReading {
  readonly problems: readonly SiteProblem[]
  /** Expiry of the server's certificate. */
  readonly expiresAt: Date | undefined
}

/**
 * Checks the TLS files of the gateway or a sink: they must exist, be readable, belong together, and
 * be currently valid.
 */
export async function checkTls(
  dir: string,
  tls: { readonly cert: string; readonly key: string },
  now: Date,
  hint = 'write to gateway.tls.cert the path of the certificate with its chain, and to gateway.tls.key the path of its key without passphrase',
): Promise<TlsReading> {
  const cert = await readPem(dir, tls.cert, hint, (text) => new X509Certificate(text))
  const key = await readPem(dir, tls.key, hint, (text) => createPrivateKey(text))
  const problems = [...cert.problems, ...key.problems]
  if (cert.value) problems.push(...checkValidity(cert.value, tls.cert, now))
  if (key.value && process.platform !== 'win32' && (key.mode & 0o007) !== 0)
    problems.push({
      path: shorten(tls.key),
      problem: 'the TLS key is accessible to every user of this machine',
      hint: `run: chmod o= ${resolvePath(dir, tls.key)}`,
    })
  if (cert.value && key.value && !cert.value.checkPrivateKey(key.value))
    problems.push({
      path: shorten(tls.key),
      problem: `is not the key of ${shorten(tls.cert)}`,
      hint: 'give a certificate and key that belong together; the server certificate must be first in its file',
    })
  return { problems, expiresAt: cert.value && new Date(cert.value.validTo) }
}

function checkValidity(cert: X509Certificate, path: string, now: Date): SiteProblem[] {
  const [from, to] = [Date.parse(cert.validFrom), Date.parse(cert.validTo)]
  if (from <= now.getTime() && now.getTime() < to) return []
  const problem =
    from > now.getTime()
      ? `the TLS certificate is valid only from ${new Date(from).toISOString()}`
      : `the TLS certificate expired on ${new Date(to).toISOString()}`
  return [{ path: shorten(path), problem, hint: 'renew the certificate, or check the clock' }]
}

async function readPem<T extends X509Certificate | KeyObject>(
  dir: string,
  path: string,
  hint: string,
  parse: (text: string) => T,
): Promise<{ value: T | undefined; mode: number; problems: SiteProblem[] }> {
  const name = shorten(path)
  const file = await readText(resolvePath(dir, path), name, 'write the path of a PEM file')
  if (file.problem)
    return { value: undefined, mode: 0, problems: [{ path: name, ...file.problem }] }
  try {
    return { value: parse(file.text), mode: file.mode, problems: [] }
  } catch {
    // The parser's reason may quote the key.
    const problem = 'is not a valid PEM file for this purpose'
    return { value: undefined, mode: 0, problems: [{ path: name, problem, hint }] }
  }
}
