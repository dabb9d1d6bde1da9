import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { NocturneError, systemCode } from '../../lib/errors.js'
import { checkAnchor, findAltered } from '../../ledger/published/index.js'
import {
  nodeCrypto,
  readLines,
  verifyExport,
  verifyPackage,
  verifyPublished,
  verifyReceipt,
  verifyReceiptUnder,
} from '../../ledger/verify/index.js'
import { parsePolicy } from '../../ledger/witness/index.js'
import type { PackageReport, PublishedLog, ReceiptReport } from '../../ledger/verify/index.js'
import type { VerifyReport } from '../../ledger/log/index.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { parseAnswer } from '../parse-answer.js'
import type { Cli } from '../command.js'
import { CommandError, fileError } from '../command-error.js'
import { bodyOf } from '../reader/download.js'
import { withGateway } from '../gateway-options.js'
import type { GatewayOptions } from '../gateway-options.js'
import type { Output } from '../output.js'
import { exportedLines, exportedText, noChanges, unzippedExport } from './copied.js'
import type { Changes } from './copied.js'
import { readSmallText } from '../secret-file.js'
import { withRooms } from '../site/site.js'

const RECEIPT_START = 'c2sp.org/tlog-proof'
const ZIP_START = 'PK\u0003\u0004'
/** `events.ndjson` of a ZIP; an export of lines begins with its checkpoint. */
const ONLY_EVENTS = /^(?:\u00ef\u00bb\u00bf)?\{"entry":/

/**
 * Verifies an export (lines, ZIP, or an unzipped ZIP) or a receipt, distinguished by how the file
 * begins; or a folder with a published log.
 */
export async function verifyFile(
  file: string,
  key: string,
): Promise<(VerifyReport | PackageReport | ReceiptReport) & Copied> {
  const changes = noChanges()
  const report = await verifyCopy(file, key, changes)
  return changes.lineEndings.size === 0
    ? report
    : { ...report, lineEndingsChanged: [...changes.lineEndings].sort() }
}

export interface Copied {
  /** Files whose line endings were converted after the export; no event is affected. */
  readonly lineEndingsChanged?: readonly string[]
}

async function verifyCopy(file: string, key: string, changes: Changes) {
  const isFolder = await stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isFolder) {
    const files = await unzippedExport(file, changes)
    return files
      ? verifyPackage(files, { crypto: nodeCrypto, trustedKey: key })
      : verifyFolder(file, key)
  }
  const start = await readStart(file)
  if (start.startsWith(ZIP_START)) return verifyZip(file, key)
  if (start.startsWith(RECEIPT_START)) return verifyReceiptText(file, key, changes)
  return verifyLines(file, start, key, changes)
}

const verifyReceiptText = async (file: string, key: string, changes: Changes) =>
  verifyReceipt(exportedText(await readSmallText(file), file, changes), key, nodeCrypto)

async function verifyLines(file: string, start: string, key: string, changes: Changes) {
  if (ONLY_EVENTS.test(start))
    throw new CommandError(`the events without their proof, from an unzipped export: ${file}`, {
      code: 'file_unreadable',
      hint: 'verify the ZIP, or the folder with all of its files',
    })
  try {
    return await verifyExport(readLines(exportedLines(file, start, changes)), key, nodeCrypto)
  } catch (error) {
    if (systemCode(error)?.startsWith('Z_') !== true) throw error
    const problem = 'the compressed file is damaged or cut off'
    return { ok: false, size: 0, root: '', problem } satisfies VerifyReport
  }
}

async function verifyZip(file: string, trustedKey: string): Promise<PackageReport> {
  const { openZipFile } = await import('../zip-file.js')
  return openZipFile(file, async (files) =>
    files
      ? verifyPackage(files, { crypto: nodeCrypto, trustedKey })
      : { ok: false, size: 0, root: '', problem: 'the ZIP is corrupt or ambiguous' },
  )
}

/**
 * Verifies a receipt under a policy: a trusted log and enough cosignatures.
 * @throws CommandError when the file is not a policy
 */
export async function verifyReceiptFile(file: string, policyFile: string): Promise<ReceiptReport> {
  const policy = await parsePolicy(await readSmallText(policyFile), nodeCrypto)
  if ('problem' in policy)
    throw new CommandError(`${policy.problem}: ${policyFile}`, {
      code: 'ledger_key_unreadable',
      hint: 'get a policy with `nocturne audit policy`, or write one as c2sp.org/tlog-policy describes',
    })
  const text = exportedText(await readSmallText(file), file, noChanges())
  return verifyReceiptUnder(text, policy, nodeCrypto)
}

/** The published log in a folder: a copy of `log/` from the store or bucket. */
export async function verifyFolder(dir: string, key: string): Promise<VerifyReport> {
  const log: PublishedLog = {
    read: (path) =>
      readFile(join(dir, path)).catch((error: unknown) => {
        if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined
        throw fileError(join(dir, path), error)
      }),
    names: async function* (folder) {
      yield* (await readdir(join(dir, folder)).catch(() => [])).sort()
    },
  }
  if ((await log.read('checkpoint')) === undefined)
    return {
      ...{ ok: false, size: 0, root: '' },
      problem:
        'the folder is neither an unzipped export (query.json is missing) nor a published log (checkpoint is missing)',
    }
  return verifyPublished(log, key, nodeCrypto)
}

/**
 * Recomputes everything from the entries in the database and then from the published log; the
 * report says which of the two is wrong.
 */
export async function verifySite(dir: string, key: string | undefined): Promise<VerifyReport> {
  try {
    return await withRooms(
      dir,
      async ({ ledger, logFiles, state }) => {
        if (key !== undefined && key !== ledger.verifierKey) throw otherKey()
        const report = await ledger.verify()
        if (!report.ok) return report
        // Checked first: hidden entries would make the rest look as if it had never existed.
        const altered = await findAltered(logFiles, report.pruned)
        if (altered) return { ...report, ...altered, ok: false }
        const anchor = await checkAnchor(state, logFiles, ledger.verifierKey)
        // A site that never served has published nothing.
        if (!anchor) return report
        const published = await verifyPublished(logFiles, ledger.verifierKey, nodeCrypto)
        return published.ok
          ? { ...report, published: published.size }
          : { ...published, problem: `in the published log: ${published.problem ?? ''}` }
      },
      { anchor: 'skip' },
    )
  } catch (error) {
    // Opening the log checks its end.
    if (!(error instanceof NocturneError)) throw error
    if (error.code === 'ledger_rolled_back')
      return { ok: false, size: 0, root: '', problem: `${error.message}: ${error.subject ?? ''}` }
    if (error.code !== 'ledger_broken') throw error
    const problem = 'head, checkpoint, tiles and last entry do not agree'
    return { ok: false, size: 0, root: '', problem }
  }
}

/**
 * Verifies the whole log as the gateway exports it, line by line. Without a key obtained earlier,
 * the served key is used: this shows that the log is consistent, not that it is the same log as
 * last week.
 */
export async function verifyLive(
  source: GatewayOptions,
  key: string | undefined,
  cli: Cli,
  output: Output,
): Promise<VerifyReport> {
  return withGateway(source, cli, output, async (client) => {
    const answer = await client.json({ path: '/v1/gateway' })
    const { ledgerKey } = parseAnswer(gatewayAnswer, answer)
    if (key === undefined)
      output.warn('using the key that the gateway serves; pin the key with --ledger-key')
    else if (key !== ledgerKey) throw otherKey()
    const response = await client.open({ path: '/v1/audit/export' })
    return verifyExport(readLines(bodyOf(response)), key ?? ledgerKey, nodeCrypto)
  })
}

async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
      return buffer.toString('latin1', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw fileError(path, error)
  }
}

const otherKey = () =>
  new CommandError('the ledger is not signed with the given key', {
    code: 'ledger_broken',
    hint: 'ask the operator why the key changed; a new key means a new log',
  })
