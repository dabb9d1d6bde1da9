import { newCaseCode } from '../../lib/case-code.js'

/** A code that is not in `taken`, which it joins. */
export function uniqueCode(taken: Set<string>): string {
  for (;;) {
    const code = newCaseCode()
    if (taken.has(code)) continue
    taken.add(code)
    return code
  }
}
