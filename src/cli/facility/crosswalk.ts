/** Fetches sealed crosswalks to a folder on the facility's machine, each once. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crosswalksAnswer } from '../../protocol/http/facility.js'
import { inspectCertificate } from '../../seal/keys/index.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { bodyOf } from '../reader/download.js'
import { makeFolder, writeWhole, writeWholeText } from '../local-write.js'

export interface FetchReport {
  readonly fetched: number
  /** Already in the folder: a crosswalk never changes. */
  readonly known: number
  /** The certificate that signs the crosswalks: its fingerprint, and its file in the folder. */
  readonly gateway: { readonly fingerprint: string; readonly file: string; readonly isNew: boolean }
}

/**
 * Fetches the crosswalks that are not in the folder. Each file is written atomically, so an
 * interrupted run resumes where it stopped.
 */
export async function fetchCrosswalks(
  client: GatewayClient,
  folder: string,
  transfer: string | undefined,
  signal: AbortSignal,
): Promise<FetchReport> {
  await makeFolder(folder)
  const present = new Set(await readdir(folder))
  const gateway = await keepCertificate(client, folder, present)
  let [fetched, known] = [0, 0]
  for (let start: string | undefined, isFirst = true; isFirst || start !== undefined;) {
    isFirst = false
    const search = new URLSearchParams({
      limit: '1000',
      ...(transfer !== undefined && { transfer }),
      ...(start !== undefined && { start }),
    })
    const answer = await client.json({ path: `/v1/crosswalk?${search.toString()}` })
    const page = parseAnswer(crosswalksAnswer, answer)
    for (const { id } of page.crosswalks) {
      signal.throwIfAborted()
      if (present.has(`${id}.pgp`)) {
        known += 1
        continue
      }
      const sealed = bodyOf(await client.open({ path: `/v1/crosswalk/${id}` }))
      await writeWhole(join(folder, `${id}.pgp`), sealed)
      fetched += 1
    }
    start = page.next
  }
  return { fetched, known, gateway }
}

/** Kept next to those of earlier years, whose signatures remain valid. */
async function keepCertificate(
  client: GatewayClient,
  folder: string,
  present: ReadonlySet<string>,
): Promise<FetchReport['gateway']> {
  const { certificate } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const { fingerprint } = await inspectCertificate(certificate, new Date())
  const name = `gateway-${fingerprint}.asc`
  const file = join(folder, name)
  // Overwrites an existing file: the same key may have a later expiry now.
  await writeWholeText(file, certificate)
  return { fingerprint, file, isNew: !present.has(name) }
}
