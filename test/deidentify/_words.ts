/** Words as a text detector returns them, when a test does not care where they stand. */
import type { FoundWord } from '../../src/deidentify/index.js'

export const foundWords = (texts: readonly string[]): readonly FoundWord[] =>
  texts.map((text) => ({ text, box: { x: 0, y: 0, width: 1, height: 1 } }))
