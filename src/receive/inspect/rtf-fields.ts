/** Fields of RTF that start or fetch something, however their instruction is written. */

/** Longer than any instruction that matters, with the formatting in between. */
const INSTRUCTION = 400

/**
 * Whether a field's instruction begins with DDE or INCLUDE…, split into groups, between control
 * words, or written as hexadecimal or Unicode escapes (RTF 1.9.1, "Fields" and "Unicode RTF").
 */
export function hasActiveField(text: string): boolean {
  for (const { index } of text.matchAll(/\\fldinst/gi)) {
    const written = text.slice(index + '\\fldinst'.length, index + INSTRUCTION)
    const instruction = written
      .replace(/\\'([0-9a-f]{2})/gi, (_, hex: string) => codeOf(Number.parseInt(hex, 16)))
      .replace(/\\u(-?\d{1,5}) ?\??/g, (_, code: string) => codeOf(Number(code)))
      .replace(/\\[a-z]{1,32}-?\d{0,10} ?|[{}\s]|\\\*/gi, '')
    if (/^\W*(?:DDE|INCLUDE|LINK|IMPORT)/i.test(instruction)) return true
    // So much formatting before the first letter has no other purpose than to hide it.
    if (index + INSTRUCTION <= text.length && !/\w/.test(instruction)) return true
  }
  return false
}

const codeOf = (code: number): string => String.fromCharCode(code & 0xff)
