/** Copies of the sites in this folder, each made by an older build. See README.md. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

/** Facts about the site when it was made. */
export interface OldSite {
  readonly name: string
  /** A copy, used only by this test. */
  readonly dir: string
  readonly madeAt: Date
  readonly transfers: Readonly<
    Record<'acknowledged' | 'quarantined' | 'released' | 'claimed' | 'available', readonly string[]>
  >
  /** Digests of the originals that were held; one was released and one discarded later. */
  readonly held: readonly {
    readonly transfer: string
    readonly item: number
    readonly sha256: string
  }[]
  /** By transfer: the items that its reader opens. */
  readonly items: Readonly<
    Record<string, readonly { readonly index: number; readonly sha256: string }[]>
  >
  readonly ledger: { readonly size: number; readonly root: string }
  remove(): Promise<void>
}

const here = fileURLToPath(new URL('.', import.meta.url))

export const oldSiteNames = (await readdir(here))
  .filter((name) => name.endsWith('.tar.br'))
  .map((name) => name.slice(0, -'.tar.br'.length))

export async function unpackOldSite(name: string): Promise<OldSite> {
  const folder = await mkdtemp(join(tmpdir(), 'nocturne-upgrade-'))
  const input = brotliDecompressSync(await readFile(join(here, `${name}.tar.br`)))
  execFileSync('tar', ['-xf', '-', '-C', folder], { input })
  const facts = JSON.parse(await readFile(join(here, `${name}.json`), 'utf8')) as Omit<
    OldSite,
    'madeAt'
  > & { readonly madeAt: string }
  return {
    ...facts,
    name,
    dir: join(folder, name),
    madeAt: new Date(facts.madeAt),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
