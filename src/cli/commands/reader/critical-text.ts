import type { CriticalChanged } from '../../../protocol/http/critical.js'
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

export function printChanged(output: Output, answer: CriticalChanged): void {
  output.json(answer)
  const { code, state, dueAt, id } = answer.critical
  output.print(`${code} is ${state}${state === 'closed' ? '' : `, due ${dueAt}`}: ${id}`)
}
