/** X.509 certificates for tests, created by `openssl`. */
import { execFile } from 'node:child_process'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** Creates an authority, and certificates for names issued by it. */
export async function newAuthority(
  dir: string,
  name: string,
): Promise<(host: string) => Promise<Certificates>> {
  const ca = join(dir, `${name}-ca.pem`)
  const caKey = join(dir, `${name}-ca-key.pem`)
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = (common: string) => ['-subj', `/CN=${common}`]
  await run('openssl', [
    ...['req', '-x509', ...pair, '-days', '2', ...subject(`${name} authority`)],
    ...['-keyout', caKey, '-out', ca],
  ])
  return async (host) => {
    const base = join(dir, `${name}-${host}`)
    const [certificate, key] = [`${base}.pem`, `${base}-key.pem`]
    await run('openssl', [
      ...['req', '-x509', ...pair, '-days', '2', ...subject(host), '-CA', ca, '-CAkey', caKey],
      ...[
        '-addext',
        `subjectAltName=${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`,
        '-addext',
        'basicConstraints=critical,CA:false',
      ],
      ...['-keyout', key, '-out', certificate],
    ])
    return { ca, certificate, key }
  }
}
