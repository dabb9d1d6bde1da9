/** What the intake rules of a site would do with files, without sending anything. */
import { createReadStream } from 'node:fs'
import type { SiteConfig } from '../../config/index.js'
import { createRules, peek, routing } from '../../intake/index.js'
import type { RuleCheck, Waits } from '../../intake/index.js'
import type { Priority } from '../../state/index.js'
import { fileError, usageError } from '../command-error.js'

export interface IntakeTestOptions {
  readonly facility?: string
  readonly aeTitle?: string
  readonly address?: string
  /** RFC 3339. */
  readonly at?: string
}

export interface TestedFile {
  readonly file: string
  readonly isDicom: boolean
  /** Rules that do not apply, before the one that does; rules count from 1. */
  readonly skipped: readonly { readonly rule: number; readonly unmet: readonly string[] }[]
  readonly rule?: number
  /** Absent when the study would wait for a person. */
  readonly group?: string
  readonly waits?: Waits
  /** Named by the rule. */
  readonly profile?: string
  readonly priority: Priority
}

/** @throws CommandError `usage` for an unknown facility, `file_unreadable` */
export async function testFiles(
  { facilities, intake }: Pick<SiteConfig, 'facilities' | 'intake'>,
  files: readonly string[],
  options: IntakeTestOptions,
  now: number,
): Promise<readonly TestedFile[]> {
  const ids = facilities.map(({ id }) => id)
  const facility = options.facility ?? (ids.length === 1 ? ids[0] : undefined)
  const known = facilities.find(({ id }) => id === facility)
  if (!known)
    throw usageError(
      facility === undefined ? 'the site has several facilities' : 'there is no such facility',
      `give --facility with one of ${ids.join(', ')}`,
    )
  const check = createRules(intake.rules, intake.timezone)
  const at = options.at === undefined ? now : Date.parse(options.at)
  const { aeTitle, address } = options
  const tested: TestedFile[] = []
  for (const file of files) {
    const signs = await signsOf(file)
    const checks = check({ facility: known.id, aeTitle, address, signs, at })
    const { check: applied, group, priority, waits, profile } = routing(checks, known.groups)
    tested.push({
      ...{ file, priority, isDicom: signs.sopClassUID !== undefined },
      skipped: checks.filter((one) => one !== applied).map(skippedOf),
      ...(applied && { rule: applied.index + 1 }),
      ...(group !== undefined && { group }),
      ...(waits !== undefined && { waits }),
      ...(profile !== undefined && { profile }),
    })
  }
  return tested
}

const skippedOf = ({ index, unmet }: RuleCheck) => ({
  rule: index + 1,
  unmet: unmet.map(({ condition, found }) => `${condition} is ${found ?? 'not given'}`),
})

async function signsOf(file: string) {
  const bytes = createReadStream(file, { highWaterMark: 64 * 1024 })
  try {
    // Fails for a file that cannot be read: `peek` reports nothing about its source.
    await new Promise((resolve, reject) => bytes.once('open', resolve).once('error', reject))
    return (await peek(bytes as AsyncIterable<Buffer>)).signs
  } catch (error) {
    throw fileError(file, error)
  } finally {
    bytes.destroy()
  }
}
