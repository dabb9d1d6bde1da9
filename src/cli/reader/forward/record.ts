/**
 * What became of each forwarded instance: `forwarded.ndjson` in the folder of a transfer, one line
 * for each answer of a PACS. A line that a crash cut short counts as missing: that instance is sent
 * again, which changes nothing at the PACS.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { systemCode } from '../../../lib/errors.js'
import { fileError } from '../../command-error.js'
import { writeError } from '../../local-write.js'

const NAME = 'forwarded.ndjson'

const line = z.looseObject({
  /** The PACS, as `AET@HOST:PORT`. */
  to: z.string(),
  item: z.int(),
  stored: z.boolean(),
})

/** Numbers of the items that this PACS has stored. */
export async function storedItems(folder: string, to: string): Promise<Set<number>> {
  const path = join(folder, NAME)
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return ''
    throw fileError(path, error)
  })
  const stored = new Set<number>()
  for (const one of text.split('\n')) {
    const { data } = line.safeParse(parsed(one))
    if (data?.to !== to) continue
    if (data.stored) stored.add(data.item)
    else stored.delete(data.item)
  }
  return stored
}

export interface Answered {
  readonly to: string
  readonly item: number
  readonly stored: boolean
  /** As the standard writes it: `0xA900`; absent when no presentation context was accepted. */
  readonly status?: string
  /** RFC 3339. */
  readonly at: string
}

export async function keepAnswers(folder: string, answers: readonly Answered[]): Promise<void> {
  if (answers.length === 0) return
  const path = join(folder, NAME)
  const text = answers.map((one) => `${JSON.stringify(one)}\n`).join('')
  await appendFile(path, text, { mode: 0o600 }).catch((error: unknown) => {
    throw writeError(path, error)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
