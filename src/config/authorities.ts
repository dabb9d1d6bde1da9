/** Certificates of private authorities that the site trusts for its database and its store. */
import { X509Certificate } from 'node:crypto'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './site-config.js'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'

const HINT = 'write the path of a PEM file with the certificate of the authority'

/** Checks that they exist, are readable, and are certificates that are valid now. */
export async function checkAuthorities(
  dir: string,
  { database, store }: Pick<SiteDraft, 'database' | 'store'>,
  now: Date,
): Promise<SiteProblem[]> {
  const paths = [
    ...(database?.url.startsWith('postgres') === true
      ? [new URL(database.url).searchParams.get('sslrootcert')]
      : []),
    ...(store?.kind === 's3' ? [store.caFile ?? null] : []),
  ]
  const problems: SiteProblem[] = []
  for (const path of paths)
    if (path !== null) problems.push(...(await checkAuthority(dir, path, now)))
  return problems
}

async function checkAuthority(dir: string, path: string, now: Date): Promise<SiteProblem[]> {
  const name = shorten(path)
  const file = await readText(resolvePath(dir, path), name, HINT)
  if (file.problem) return [{ path: name, ...file.problem }]
  try {
    const { validTo } = new X509Certificate(file.text)
    if (Date.parse(validTo) > now.getTime()) return []
    return [
      { path: name, problem: `the authority's certificate expired on ${validTo}`, hint: HINT },
    ]
  } catch {
    return [{ path: name, problem: 'is not a certificate in PEM', hint: HINT }]
  }
}
