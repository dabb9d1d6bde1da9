import type { CriticalChanged, CriticalView } from '../../../protocol/http/critical.js'
import type { Output } from '../../output.js'

/** @throws CommandError `usage` for a text that is empty or too long */
export async function textOf(file: string): Promise<string> {
  const [{ readSmallText }, { usageError }, { MAX_FINDING_CHARS }] = await Promise.all([
    import('../../secret-file.js'),
    import('../../command-error.js'),
    import('../../../protocol/critical.js'),
  ])
  const text = (await readSmallText(file)).replace(/^\uFEFF/, '').trim()
  if (text !== '' && text.length <= MAX_FINDING_CHARS) return text
  throw usageError(
    `${file} is empty or too long`,
    `write one or two sentences, at most ${MAX_FINDING_CHARS} characters`,
  )
}

/** One line about a critical result that is not closed, with what to do about it. */
export function openCriticalText({
  id,
  code,
  level,
  state,
  dueAt,
  missedAt,
}: Pick<CriticalView, 'id' | 'code' | 'level' | 'state' | 'dueAt' | 'missedAt'>): string {
  const due = missedAt === undefined ? `due ${dueAt}` : `overdue since ${missedAt}`
  const next =
    state === 'comparing'
      ? `a reader has to compare its read-back: nocturne critical compare ${id}`
      : `not read back: nocturne critical readback ${id}, or phone ${id} after a call`
  return `critical result on ${code}, within ${level}, ${due}; ${next}`
}

export function printChanged(output: Output, answer: CriticalChanged): void {
  output.json(answer)
  const { code, state, dueAt, id } = answer.critical
  output.print(`${code} is ${state}${state === 'closed' ? '' : `, due ${dueAt}`}: ${id}`)
}
