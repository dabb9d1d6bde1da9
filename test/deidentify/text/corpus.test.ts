/** Cleaning of descriptions as people write them in seven languages: `corpus.txt`. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { cleanText } from '../../../src/deidentify/text/clean.js'
import { fold } from '../../../src/deidentify/text/fold.js'
import { LANGUAGES, vocabularyOf } from '../../../src/deidentify/text/vocabulary.js'

interface Line {
  readonly text: string
  readonly planted: readonly string[]
}

const sections = readFileSync(new URL('corpus.txt', import.meta.url), 'utf8').split(/^\[(..)\]$/m)
const linesOf = (language: string): Line[] =>
  (sections[sections.indexOf(language) + 1] ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [text = '', planted = ''] = line.split(' | ')
      return { text, planted: planted.split(' + ').filter((one) => one !== '') }
    })

const clean = (text: string): string =>
  cleanText(text, {
    forbidden: new Set(),
    vocabulary: vocabularyOf(),
    longest: 1024,
    isProse: false,
  })
const wordsIn = (text: string): readonly string[] => fold(text).match(/\p{L}{2,}/gu) ?? []

/** A negation or a side, and the word after it. */
const MARKED =
  /\b(?:no|not|without|w\/o|left|right|lt|rt|kein\w*|nicht|ohne|links|rechts|li|re|sans|pas|non|gauche|droit\w*|sin|senza|nessun\w*|sinistr\w*|destr\w*|geen|niet|zonder|linker\w*|rechter\w*|nao|sem) (\w{2,})/g

describe.each(LANGUAGES)('descriptions in %s', (language) => {
  const lines = linesOf(language)

  it('lose every planted name and number', () => {
    expect(lines.length).toBeGreaterThan(40)
    for (const { text, planted } of lines)
      for (const name of planted) expect(fold(clean(text))).not.toContain(fold(name))
  })

  it('keep nearly all other words', () => {
    let [all, kept] = [0, 0]
    for (const { text, planted } of lines) {
      const names = wordsIn(planted.join(' '))
      const after = [...wordsIn(clean(text))]
      for (const word of wordsIn(text).filter((one) => !names.includes(one))) {
        all++
        const at = after.indexOf(word)
        if (at < 0) continue
        after.splice(at, 1)
        kept++
      }
    }
    expect(kept / all).toBeGreaterThan(0.9)
  })

  it('keep runs of words unchanged, and each negation and side with the word after it', () => {
    for (const { text } of lines) {
      const after = clean(text)
      for (const run of after.split('[...]')) expect(text).toContain(run.trim())
      for (const [pair, word = ''] of fold(text).matchAll(MARKED))
        if (wordsIn(after).includes(word)) expect(fold(after)).toContain(pair)
    }
  })
})
