/**
 * What the process that forwards knows about the line, kept in a file for `nocturne edge status`.
 * Transfer IDs and codes: nothing of a patient.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import type { LineView } from '../transfer/sealed/index.js'
import { replaceFile } from './site.js'

const LINE_FILE = 'data/line.json'

const view = z.object({
  reachedAt: z.optional(z.number()),
  problem: z.optional(z.string()),
  refused: z.array(z.object({ transfer: z.string(), code: z.string() })),
})

export const keepLine = (dir: string, line: LineView): Promise<void> =>
  replaceFile(join(dir, LINE_FILE), JSON.stringify(line))

/** Undefined before the first contact; it is written anew, so a damaged one is like none. */
export async function readLine(dir: string): Promise<LineView | undefined> {
  try {
    return z.parse(view, JSON.parse(await readFile(join(dir, LINE_FILE), 'utf8')))
  } catch {
    return undefined
  }
}
