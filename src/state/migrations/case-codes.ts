import { newCaseCode } from '../../lib/case-code.js'

/** Makes a code that is not in `taken`, and adds it there. */
export function uniqueCode(taken: Set<string>): string {
  for (;;) {
    const code = newCaseCode()
    if (taken.has(code)) continue
    taken.add(code)
    return code
  }
}
