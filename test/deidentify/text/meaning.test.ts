/**
 * Whatever is inserted into a statement, a finding that is kept has the polarity, certainty, side,
 * number and time that it had, in all seven languages.
 */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cleanText } from '../../../src/deidentify/text/clean.js'
import { fold } from '../../../src/deidentify/text/fold.js'
import { LANGUAGES, vocabularyOf, type Language } from '../../../src/deidentify/text/vocabulary.js'

const vocabulary = vocabularyOf()
const clean = (text: string): string =>
  cleanText(text, { forbidden: new Set(), vocabulary, longest: 1024, isProse: false })

/**
 * Each statement with its finding in brackets. The other words determine what it says: before and
 * after the finding, twice negated, not only, no longer, no change, with and without.
 */
const STATEMENTS: Readonly<Record<Language, readonly string[]>> = {
  en: [
    'no [fracture]',
    'without [hydronephrosis]',
    'no evidence of [thrombosis]',
    'negative for [appendicitis]',
    '[effusion] not seen',
    '[pneumonia] ruled out',
    '[pneumothorax] excluded',
    '[malignancy] unlikely',
    'cannot exclude [torsion]',
    'cannot be excluded [rupture]',
    'no longer [pregnant]',
    'no change in [nodule]',
    'not only left [kidney]',
    'with and without [contrast]',
    'without and with [contrast]',
    'not without [pain]',
    'possible [ileus]',
    'r/o [aneurysm]',
    'left [knee]',
    '[hip] right',
    '3 [cysts]',
    'prior [stroke]',
    'history of [lymphoma]',
    '[hematoma] resolved',
    '[stenosis] ?',
    'denies [headache]',
  ],
  de: [
    'keine [Fraktur]',
    'ohne [Erguss]',
    'kein Hinweis auf [Thrombose]',
    'kein Nachweis einer [Blutung]',
    '[Pneumonie] ausgeschlossen',
    '[Appendizitis] nicht ausgeschlossen',
    '[Metastasen] nicht nachweisbar',
    '[Malignität] unwahrscheinlich',
    '[Ruptur] nicht auszuschließen',
    'nicht mehr [schwanger]',
    'keine Änderung der [Zyste]',
    'nicht nur linke [Niere]',
    'ohne und mit [Kontrastmittel]',
    'nicht ohne [Schmerzen]',
    'V.a. [Ileus]',
    'Ausschluss [Aneurysma]',
    'linkes [Knie]',
    '[Hüfte] rechts',
    '3 [Rundherde]',
    'Z.n. [Apoplex]',
    'bekanntes [Lymphom]',
    '[Stenose] ?',
    'fraglicher [Pneumothorax]',
    '[Hämatom] rückläufig',
  ],
  fr: [
    'pas de [fracture]',
    'sans [épanchement]',
    'aucun signe de [thrombose]',
    'absence de [pneumothorax]',
    '[appendicite] exclue',
    '[hernie] non visible',
    '[malignité] peu probable',
    'on ne peut exclure une [rupture]',
    'plus de [saignement]',
    'pas de modification du [nodule]',
    'non seulement le [rein] gauche',
    'sans et avec [injection]',
    'suspicion de [phlébite]',
    'recherche de [calcul]',
    '[genou] gauche',
    '[hanche] droite',
    '3 [kystes]',
    'antécédent de [lymphome]',
    '[sténose] ?',
    'possible [occlusion]',
    '[hématome] régressé',
    'éliminer une [embolie]',
  ],
  es: [
    'sin [fractura]',
    'no se observa [derrame]',
    'sin evidencia de [trombosis]',
    'ausencia de [neumotórax]',
    '[apendicitis] descartada',
    '[malignidad] poco probable',
    'no se puede descartar [rotura]',
    'ya no hay [sangrado]',
    'sin cambios en el [nódulo]',
    'no solo el [riñón] izquierdo',
    'sin y con [contraste]',
    'sospecha de [neumonía]',
    'descartar [litiasis]',
    '[rodilla] izquierda',
    '[cadera] derecha',
    '3 [quistes]',
    'antecedente de [linfoma]',
    '[estenosis] ?',
    'posible [oclusión]',
    '[hematoma] resuelto',
    'niega [dolor]',
  ],
  it: [
    'non [fratture]',
    'senza [versamento]',
    'nessun segno di [trombosi]',
    'assenza di [pneumotorace]',
    '[appendicite] esclusa',
    '[malignità] improbabile',
    'non si può escludere [rottura]',
    'non più [sanguinamento]',
    'invariato il [nodulo]',
    'non solo il [rene] sinistro',
    'senza e con [contrasto]',
    'sospetta [polmonite]',
    'escludere [calcolosi]',
    '[ginocchio] sinistro',
    '[anca] destra',
    '3 [cisti]',
    'pregresso [linfoma]',
    '[stenosi] ?',
    'possibile [occlusione]',
    '[ematoma] risolto',
    'nega [dolore]',
  ],
  nl: [
    'geen [fractuur]',
    'zonder [vocht]',
    'geen aanwijzingen voor [trombose]',
    '[appendicitis] uitgesloten',
    '[pneumothorax] niet aantoonbaar',
    '[maligniteit] onwaarschijnlijk',
    '[ruptuur] niet uit te sluiten',
    'niet meer [zwanger]',
    'geen verandering van [nodus]',
    'niet alleen linker [nier]',
    'zonder en met [contrast]',
    'verdenking [pneumonie]',
    'linker [knie]',
    '[heup] rechts',
    '3 [cysten]',
    'bekend [lymfoom]',
    '[stenose] ?',
    'mogelijk [ileus]',
    'status na [CVA]',
    'ontkent [pijn]',
  ],
  pt: [
    'sem [fratura]',
    'não há [derrame]',
    'sem evidência de [trombose]',
    'ausência de [pneumotórax]',
    '[apendicite] descartada',
    '[malignidade] improvável',
    'não se pode excluir [ruptura]',
    'não há mais [sangramento]',
    'sem alteração do [nódulo]',
    'não apenas o [rim] esquerdo',
    'sem e com [contraste]',
    'suspeita de [pneumonia]',
    'afastar [litíase]',
    '[joelho] esquerdo',
    '[quadril] direito',
    '3 [cistos]',
    'antecedente de [linfoma]',
    '[estenose] ?',
    'possível [oclusão]',
    '[hematoma] resolvido',
    'nega [dor]',
  ],
}

/** Words that no list contains, names, numbers, dates, and forms that no list may contain. */
const INSERTED = fc.constantFrom(
  'xyzzy',
  'Qwortl',
  'FLUMOXIL',
  'SMITH',
  'Brzezinski',
  'Dr. Lindqvist',
  'Kwabena Osei',
  '4471902',
  '12/03/1970',
  'blorpend',
  'zxqwische',
)
const NEUTRAL: Readonly<Record<Language, readonly string[]>> = {
  en: ['CT', 'axial', 'study', 'scan', 'and'],
  de: ['CT', 'axial', 'Untersuchung', 'und'],
  fr: ['scanner', 'axial', 'examen', 'et'],
  es: ['TC', 'axial', 'estudio', 'y'],
  it: ['TC', 'assiale', 'esame', 'e'],
  nl: ['CT', 'axiaal', 'onderzoek', 'en'],
  pt: ['TC', 'axial', 'exame', 'e'],
}
const GAP = fc.constantFrom(' ', ' ', ' ', ', ', '; ', ' - ', '. ', ' (', ') ', ' / ')

const plain = (text: string): string =>
  fold(text)
    .replace(/\[\.\.\.\]/g, ' ')
    .replace(/[^\p{L}\p{N}?./]+/gu, ' ')
    .trim()

/** A statement with something inserted at one of its gaps, or nothing. */
function within(statement: string, at: number, inserted: string | undefined): string {
  if (inserted === undefined) return statement.replace(/[[\]]/g, '')
  const words = statement.replace(/[[\]]/g, '').split(' ')
  const position = at % (words.length + 1)
  return [...words.slice(0, position), inserted, ...words.slice(position)].join(' ')
}

describe.each(LANGUAGES)('a finding that is kept, in %s', (language) => {
  const statement = fc.constantFrom(...STATEMENTS[language])
  const inserted = fc.option(INSERTED, { nil: undefined, freq: 4 })
  const around = fc.array(
    fc.tuple(fc.oneof(INSERTED, fc.constantFrom(...NEUTRAL[language])), GAP),
    {
      maxLength: 3,
    },
  )

  it('is kept with every word that determines its meaning', () => {
    const part = fc.tuple(statement, fc.nat(8), inserted)
    fc.assert(
      fc.property(around, part, GAP, part, around, (before, one, gap, other, after) => {
        const join = (all: typeof before) => all.map(([word, sign]) => word + sign).join('')
        const text = `${join(before)}${within(...one)}${gap}${within(...other)} ${join(after)}`
        // A word with the form of an adjective is kept where it was, which changes nothing.
        const cleaned = plain(clean(text).replaceAll('zxqwische', ''))
        for (const [written] of [one, other]) {
          const finding = plain(/\[(.+)\]/.exec(written)?.[1] ?? '')
          if (!` ${cleaned} `.includes(` ${finding} `)) continue
          // Both statements may be about the same finding; then one of them may be the one kept.
          const said = [one[0], other[0]]
            .filter((each) => plain(each).includes(finding))
            .map((each) => plain(each.replace(/[[\]]/g, '')))
          const isWhole = said.some((each) => cleaned.includes(each))
          expect([text, cleaned, isWhole]).toEqual([text, cleaned, true])
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('is kept unless something is inserted', () => {
    for (const one of STATEMENTS[language]) {
      const text = one.replace(/[[\]]/g, '')
      expect(clean(text)).toBe(text)
    }
  })
})
