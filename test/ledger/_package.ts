/** Exports as ZIPs, with their members as text by name. */
import { formatPolicy } from '../../src/ledger/witness/policy.js'
import { packageMembers } from '../../src/ledger/export/package.js'
import type { ExportQuery } from '../../src/ledger/export/export.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import type { PackageFormat } from '../../src/ledger/export/renderings.js'
import type { NamedFiles, ZipMember } from '../../src/lib/zip.js'
import { GATEWAY } from './_open.js'

const OFFICER = { id: 'officer-1', role: 'officer' } as const

/**
 * @param recorded the query as recorded in the log
 */
export async function packed(
  ledger: Ledger,
  query: ExportQuery,
  format: PackageFormat,
  recorded = query,
): Promise<readonly ZipMember[]> {
  const receipt = await ledger.note({
    type: 'ledger.exported',
    outcome: 0,
    actor: OFFICER,
    detail: { format, query: { ...recorded } },
  })
  return packageMembers(ledger, {
    ...{ query, format, receipt, actor: OFFICER, witnessMs: 0 },
    source: { origin: `https://${GATEWAY}` },
    policy: formatPolicy(ledger.verifierKey, []),
    page: Buffer.from('<!doctype html>'),
  })
}

export type Files = Map<string, string>

export async function filesOf(members: readonly ZipMember[]): Promise<Files> {
  const files: Files = new Map()
  for (const { name, content } of members) {
    let text = ''
    for await (const piece of content)
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString()
    files.set(name, text)
  }
  return files
}

export const asFiles = (files: Files): NamedFiles => ({
  names: [...files.keys()],
  open: (name) => {
    const text = files.get(name)
    return text === undefined ? undefined : once(Buffer.from(text))
  },
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
