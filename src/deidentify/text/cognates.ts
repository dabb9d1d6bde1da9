/**
 * Medical words are much the same in all languages of Europe: a word whose international form is
 * that of a listed word (`anóxico`, `anossico`, `anoxique`: anoxic) is known in every one of them.
 */

const SHORTEST = 6

/** Spellings of one sound, applied in this order. */
const SOUNDS: readonly (readonly [RegExp, string])[] = [
  [/^es(?=[cfkmpqt])/, 's'],
  [/isch(?:e[nmrs]?)?$/, 'ic'],
  [/sch/g, 'sc'],
  [/ph/g, 'f'],
  [/[ck]h(?=[lroau])|k|q(?:u(?=[aei]))?/g, 'c'],
  [/h/g, ''],
  [/y|j/g, 'i'],
  [/[ao]e/g, 'e'],
  [/ou/g, 'u'],
  [/sc(?=[ei])|[zx]|cc(?=[ei])|xc|c(?=[ei])|ss/g, 's'],
  [/(.)\1/g, '$1'],
  [/[cp]t/g, 't'],
  [/n(?=[bp])/g, 'm'],
]

/**
 * Endings of one meaning and part of speech, in the spelling that results, and the letters needed
 * before them: so many that of 15,000 family and given names fewer than ten have the form of a
 * word. The first that matches counts.
 */
const ENDINGS: readonly (readonly [mark: string, stem: number, ending: RegExp])[] = [
  ['N', 3, /(?:[st]ion(?:es|[ei]|en)?|[cs](?:ao|oes)|tie[sn]?)$/],
  ['T', 6, /(?:it(?:[iy]s?|ies|ides|es?|a|at(?:en)?)|idad(?:es?)?|iteit(?:en)?)$/],
  ['O', 5, /(?:os(?:[oaei]s?|e[nmr])?|o?us|eus(?:es?)?)$/],
  [
    'C',
    5,
    /(?:ical(?:e|es|i|s|ly)?|icau[sx]|icais|i[cs](?:[oaei]s?|amente)?|isc(?:e[nmrs]?)?|icu[es]s?|ics)$/,
  ],
  ['L', 6, /(?:[ae]l(?:e[nmrs]?|l?es?|i|s)?|ais|aus)$/],
  ['R', 4, /(?:ari?(?:e[nmrs]?|[oai]s?|es)?|air(?:es?)?)$/],
  ['E', 6, /[ei]?[ae]nt(?:e[nmrs]?|i|s)?$/],
  ['D', 5, /(?:at(?:ed?|[oai]s?)|ad[oa]s?|iert(?:e[nmrs]?)?|erde?n?|ed|ees?)$/],
  ['V', 4, /i(?:v(?:e[nmrs]?|[oai]s?)|f)$/],
  ['M', 4, /ism(?:us|[oae]s?|en)?$/],
  ['G', 4, /(?:ura?e?s?|uren)$/],
  ['I', 7, /(?:[iy]|i[ae]s?|ien)$/],
  ['', 8, /(?:um|us|[ao]s|e[nmrs]?|[aoi]|s)?$/],
]

/** The international form of a folded word; undefined if it is too short to have one. */
export function internationalForm(folded: string): string | undefined {
  if (folded.length < SHORTEST || !/^[a-z]+$/.test(folded)) return undefined
  let form = folded
  for (const [spelling, sound] of SOUNDS) form = form.replace(spelling, sound)
  for (const [mark, stem, ending] of ENDINGS) {
    const found = ending.exec(form)
    if (found) return found.index < stem ? undefined : form.slice(0, found.index) + mark
  }
  return undefined
}
