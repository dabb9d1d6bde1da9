/**
 * The real files, the programs that read them, and the reason for skipping a test if one is
 * missing.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { it } from '@jest/globals'
import { isVocabulary } from '../../src/deidentify/text/vocabulary.js'
import { BASIC, OPTIONS } from '../../src/deidentify/rules/options.js'
import type { Ran } from '../deidentify/_run.js'

const execute = promisify(execFile)
const PYTHON = '/usr/bin/python3'
export const FOLDER = fileURLToPath(new URL('../../../shared/dicom', import.meta.url))

function reasonToSkip(command: string, args: readonly string[]): string | undefined {
  if (!existsSync(FOLDER)) return 'no ../shared/dicom'
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return undefined
  } catch (error) {
    // Validators called without input have an exit status of their own, so only ENOENT means
    // missing.
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return isMissing || command === PYTHON ? `no ${command} ${args.join(' ')}` : undefined
  }
}

export const noFiles = existsSync(FOLDER) ? undefined : 'no ../shared/dicom'
export const noPydicom = reasonToSkip(PYTHON, ['-c', 'import pydicom'])
export const noDcmtk = reasonToSkip('dcmdump', ['--version'])
export const noGdcm = reasonToSkip('gdcmdump', ['--version'])
export const noValidators = noPydicom ?? reasonToSkip('dciodvfy', ['-version']) ?? noDcmtk
export const title = (text: string, reason: string | undefined) =>
  reason === undefined ? text : `${text} (skipped: ${reason})`
export const when = (reason: string | undefined) => (reason === undefined ? it : it.skip)
export const nameOf = (path: string): string => relative(FOLDER, path)

export const realFiles = (): string[] =>
  readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .map((name) => join(FOLDER, name))
    .filter((file) => statSync(file).isFile())
    .filter((file) => !/(\.(txt|md|dump|json|gz|icc)|LICENSE|README)$/.test(file))
    .sort()

export interface Pair {
  readonly source: string
  readonly output: string
  readonly report: Ran['report']
}

/** Where pydicom finds a difference that the report does not list, or a remaining identifier. */
export async function findDifferences(pairs: readonly Pair[], folder: string) {
  const told = pairs.map(({ source, output, report }) => {
    const paths = (isGone: boolean) =>
      report.filter(({ action }) => isGone || action !== 'removed').map(({ path }) => path)
    return {
      source,
      output,
      changed: paths(false),
      removed: paths(true),
      allowed: wordsAllowed(source),
    }
  })
  return ask('compare.py', told, folder)
}

/** Where dcmdump or dciodvfy complain about an output but not about its source. */
export const findComplaints = (pairs: readonly Pair[], folder: string) =>
  ask(
    'complain.py',
    pairs.map(({ source, output }) => ({ source, output })),
    folder,
  )

/** One process for all files, because starting one takes longer than its work. */
async function ask(
  script: string,
  pairs: readonly { readonly source: string; readonly output: string }[],
  folder: string,
) {
  const list = join(folder, `${script}.json`)
  await writeFile(list, JSON.stringify(pairs))
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { stdout } = await execute(PYTHON, [path, list], { maxBuffer: 2 ** 26 })
  const findings = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { output: string; problems: string[] })
  if (findings.length !== pairs.length) throw new Error(`${script} did not answer for every file`)
  const sources = new Map(pairs.map(({ source, output }) => [output, source]))
  return findings
    .filter(({ problems }) => problems.length > 0)
    .map(({ output, problems }) => ({
      file: nameOf(sources.get(output) ?? ''),
      problems: problems.slice(0, 5),
    }))
}

/** The words that Nocturne writes into every file about its method: meanings of CID 7050. */
const OWN_WORDS = [BASIC, ...OPTIONS].flatMap(({ meaning }) => meaning.toLowerCase().split(' '))

/**
 * Words of the source that are not identifiers by themselves, because any file may contain them.
 */
const wordsAllowed = (source: string): string[] => [
  ...OWN_WORDS,
  ...new Set(
    (
      readFileSync(source, 'latin1')
        .toLowerCase()
        .match(/[a-z0-9_-]{3,40}/g) ?? []
    ).filter(isVocabulary),
  ),
]
