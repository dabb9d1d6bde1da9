/**
 * Makes the generated word lists of src/deidentify/text/words: the words in the meanings of
 * PS3.16's context groups, and people's names. They are generated because both sources are far
 * larger than the part used, and neither is needed at run time.
 *
 * Usage: node scripts/deidentify-words.mjs PYDICOM FAKER, where PYDICOM is the folder of pydicom's
 * package `pydicom/sr` (Debian: python3-pydicom), and FAKER that of the npm package
 * @faker-js/faker.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , pydicom, faker] = process.argv
if (pydicom === undefined || faker === undefined) {
  console.error('usage: node scripts/deidentify-words.mjs PYDICOM FAKER')
  process.exit(2)
}
const folder = new URL('../src/deidentify/text/words/', import.meta.url)
const fold = (word) =>
  word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[ßæœøłđ]/g, (letter) => BARE[letter])
const BARE = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd' }

/** As lines of many words rather than one per line: nobody reads them individually. */
const write = (name, words) => {
  const sorted = [...new Set(words)].sort()
  const lines = ['']
  for (const word of sorted) {
    if (lines.at(-1).length + word.length > 90) lines.push('')
    lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trim()
  }
  const content = lines.map((line) => `  ${JSON.stringify(line)}`).join(',\n')
  writeFileSync(new URL(name, folder), `[\n${content}\n]\n`)
  console.log(`${name}: ${sorted.length}`)
}

/** Words in the manually written lists need no second entry. */
const byHand = new Set(
  readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/[\s/~,]+/))
    .map(fold),
)

const { allLocales } = await import(pathToFileURL(join(faker, 'dist', 'index.js')))
const LOCALES = /^(?:de|en|es|fr|it|nl|pt|pl|da|nb|sv|tr|ro|cs|hr|hu)(?:_|$)/
const people = Object.entries(allLocales)
  .filter(([locale]) => LOCALES.test(locale))
  .map(([, { person }]) => person ?? {})
const namesOf = (key) =>
  people
    .flatMap((person) => Object.values(person[key] ?? {}).flat())
    .filter((name) => typeof name === 'string')
    .flatMap((name) => name.split(/[\s'’-]+/))
    .map(fold)
    .filter((name) => /^[a-z]{3,}$/.test(name))
const given = new Set(namesOf('first_name'))
const family = new Set(namesOf('last_name'))
write('given-names.json', given)
write(
  'family-names.json',
  [...family].filter((name) => !given.has(name)),
)

// A word of the standard is used if it occurs in lower case after another word: names are
// capitalized there.
const text = readFileSync(join(pydicom, '_concepts_dict.py'), 'utf8')
const meanings = [...text.matchAll(/\((?:'([^']+)'|"([^"]+)"), \[/g)].map(
  ([, one, other]) => one ?? other,
)
const inside = new Set()
// Names of animal breeds contain many place names.
for (const meaning of meanings.filter(
  (one) => !/breed|dog|cattle|horse|sheep|goat|\bcat\b|\bpig\b/i.test(one),
))
  meaning.split(/[^\p{L}\p{M}]+/u).forEach((word, index) => {
    if (index === 0) return
    if (/^\p{Ll}{4,}$/u.test(word)) inside.add(fold(word))
  })
write(
  'standard.json',
  [...inside].filter((word) => !byHand.has(word) && !given.has(word) && !family.has(word)),
)
