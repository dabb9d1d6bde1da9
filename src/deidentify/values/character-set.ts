/** The character set that a data set declares for its text. */
import { type Element, findElement } from '../../dicom/elements/index.js'
import { type Decode, decodeWith } from '../../dicom/text/index.js'

const SPECIFIC_CHARACTER_SET = 0x00080005

/** The decoder for the character set that a data set declares; undefined if it declares none. */
export function decodeOf(elements: readonly Element[], buffer: Buffer): Decode | undefined {
  const characterSet = characterSetOf(elements, buffer)
  return characterSet === undefined ? undefined : decodeWith(characterSet)
}

/** The value of Specific Character Set in a data set. */
export function characterSetOf(elements: readonly Element[], buffer: Buffer): string | undefined {
  const found = findElement(elements, SPECIFIC_CHARACTER_SET)
  return found && buffer.toString('latin1', found.valueStart, found.valueEnd)
}
