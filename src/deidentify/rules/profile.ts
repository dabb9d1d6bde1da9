/** Profiles: which options of Annex E a facility chose, each in one readable YAML file. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { LANGUAGES, type Language } from '../text/vocabulary.js'
import { readYaml } from '../../lib/yaml.js'
import { blankingRule, type BlankingRule } from '../blank/blanking-rules.js'
import { CLEAN_PIXELS, FULL_DATES, MODIFIED_DATES, OPTIONS } from './options.js'

export interface Profile {
  readonly name: string
  /** Written to De-identification Method (0012,0063), with the name. */
  readonly version: string
  /** The scope within which new UIDs and the patient's handle stay the same. */
  readonly links: 'transfer' | 'facility'
  /** CID 7050 codes in addition to the Basic Profile. */
  readonly options: readonly string[]
  /**
   * How to treat images that may have names burned into their pixels (config/pixel-rules.yaml).
   * `blank` blanks what config/blanking-rules.yaml covers and quarantines the rest; it is the Clean
   * Pixel Data Option.
   */
  readonly pixels: 'blank' | 'quarantine' | 'pass'
  /** `cap-90`: ages over 90 years become 90. */
  readonly ages: 'keep' | 'cap-90'
  /** `sample`: some slices of each CT and MR series are read by the text detector. */
  readonly screen: 'none' | 'sample'
  /** The languages of descriptions and reports, whose words may stay in cleaned text. */
  readonly languages: readonly Language[]
  /** The facility's own rules, applied before config/blanking-rules.yaml. */
  readonly blanking: readonly BlankingRule[]
}

export interface ProfileProblem {
  /** For example `options[1].code`; empty for the file as a whole. */
  readonly path: string
  /** Counted from 1. */
  readonly line?: number
  /** Lower case, no final period. */
  readonly problem: string
  /** What to write instead. */
  readonly hint: string
}

export type LoadedProfile =
  | { readonly profile: Profile; readonly problems: readonly [] }
  | { readonly profile?: undefined; readonly problems: readonly ProfileProblem[] }

const NAMES = new Map(OPTIONS.map(({ code, meaning }) => [code, meaning]))
const CODES = OPTIONS.map(({ code, meaning }) => `${code} ${meaning}`).join(', ')

const MAX_RULES = 200
const optionEntry = z
  .strictObject({
    code: z.string({ error: 'write the code in quotes' }),
    name: z.string({ error: 'write the name of the option as CID 7050 has it' }),
  })
  .superRefine(({ code, name }, context) => {
    const meaning = NAMES.get(code)
    if (meaning === undefined) {
      const message = `write one of ${CODES}`
      context.addIssue({ code: 'custom', path: ['code'], message })
    } else if (meaning !== name) {
      context.addIssue({ code: 'custom', path: ['name'], message: `write "${meaning}"` })
    }
  })

const schema = z
  .strictObject(
    {
      name: z
        .string({ error: 'write the name of the profile' })
        .regex(/^[a-z][a-z0-9-]{0,31}$/, 'use up to 32 lower-case letters, digits and hyphens'),
      version: z
        .string({ error: "write the version in quotes, such as '1'" })
        .regex(/^[0-9A-Za-z.-]{1,16}$/, 'use up to 16 letters, digits, points and hyphens'),
      links: z.enum(['transfer', 'facility'], { error: 'write transfer or facility' }),
      pixels: z
        .enum(['blank', 'quarantine', 'pass'], { error: 'write blank, quarantine or pass' })
        .optional(),
      blanking: z
        .array(blankingRule, { error: 'write a list of rules, as config/blanking-rules.yaml does' })
        .max(MAX_RULES, `write at most ${MAX_RULES} rules`)
        .default([]),
      ages: z.enum(['keep', 'cap-90'], { error: 'write keep or cap-90' }).default('keep'),
      screen: z.enum(['none', 'sample'], { error: 'write none or sample' }).default('none'),
      languages: z
        .array(z.enum(LANGUAGES, { error: `write some of ${LANGUAGES.join(', ')}` }), {
          error: 'write a list of languages, such as [en, fr]',
        })
        .default([...LANGUAGES]),
      options: z.array(optionEntry, { error: 'write a list; [] means only the Basic Profile' }),
    },
    { error: 'write name, version, links and options, as config/profiles/strip.yaml does' },
  )
  .superRefine(({ options, pixels, blanking }, context) => {
    const codes = options.map(({ code }) => code)
    codes.forEach((code, index) => {
      if (codes.indexOf(code) === index) return
      context.addIssue({ code: 'custom', path: ['options', index], message: 'name it only once' })
    })
    if (codes.includes(FULL_DATES) && codes.includes(MODIFIED_DATES)) {
      const message = `choose one of ${FULL_DATES} and ${MODIFIED_DATES}`
      context.addIssue({ code: 'custom', path: ['options'], message })
    }
    if (codes.includes(CLEAN_PIXELS) && pixels !== undefined && pixels !== 'blank') {
      const message = `write blank, or leave option ${CLEAN_PIXELS} out`
      context.addIssue({ code: 'custom', path: ['pixels'], message })
    }
    if (blanking.length > 0 && pixels !== 'blank' && !codes.includes(CLEAN_PIXELS)) {
      const message = 'add pixels: blank, or remove this: without it, nothing is blanked'
      context.addIssue({ code: 'custom', path: ['blanking'], message })
    }
  })

const PROBLEMS: Readonly<Record<string, string>> = {
  unrecognized_keys: 'is not known',
  invalid_type: 'is missing or of the wrong kind',
}

/**
 * Loads a profile from YAML, or returns every error in it.
 *
 * @param name the required name of the profile: its file name without `.yaml`.
 */
export function loadProfile(text: string, name: string): LoadedProfile {
  const yaml = readYaml(text, '', 'config/profiles/strip.yaml')
  if (yaml.problems.length > 0) {
    // A single mistake makes the parser report several errors for a line; the first one is kept.
    const first = new Map(
      yaml.problems.map((problem) => [problem.line, problem] as const).reverse(),
    )
    return { problems: [...first.values()].reverse().map((one) => ({ ...one, path: '' })) }
  }
  const checked = schema.safeParse(yaml.value)
  const problems = checked.success
    ? []
    : checked.error.issues.flatMap((issue) =>
        placesOf(issue).map((place) => at(yaml.lineOf(place), problemOf(issue, place))),
      )
  if (checked.success && checked.data.name !== name) {
    const problem = { path: 'name', problem: 'differs from its file', hint: `write ${name}` }
    problems.push(at(yaml.lineOf(['name']), problem))
  }
  if (!checked.success || problems.length > 0) return { problems }
  const { options, pixels, ...rest } = checked.data
  const codes = options.map(({ code }) => code)
  const cleans = pixels === 'blank' || codes.includes(CLEAN_PIXELS)
  return {
    profile: {
      ...rest,
      pixels: cleans ? 'blank' : (pixels ?? 'quarantine'),
      options: cleans ? [...new Set([CLEAN_PIXELS, ...codes])] : codes,
    },
    problems: [],
  }
}

const at = (line: number | undefined, problem: ProfileProblem): ProfileProblem =>
  line === undefined ? problem : { ...problem, line }

/** The places of an error: each unknown setting has its own line. */
const placesOf = (issue: z.core.$ZodIssue): readonly (readonly PropertyKey[])[] =>
  issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]

const problemOf = (issue: z.core.$ZodIssue, place: readonly PropertyKey[]): ProfileProblem => ({
  path: place
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, ''),
  problem: PROBLEMS[issue.code] ?? 'is not allowed',
  hint:
    issue.code === 'unrecognized_keys'
      ? `remove it${issue.path.length === 0 ? '; there are name, version, links, pixels, blanking, ages, screen, languages and options' : ''}`
      : issue.message,
})

function builtIn(name: string): Profile {
  const file = new URL(`../../../config/profiles/${name}.yaml`, import.meta.url)
  const { profile, problems } = loadProfile(readFileSync(file, 'utf8'), name)
  if (!profile) throw new Error(`config/profiles/${name}.yaml: ${problems[0]?.hint ?? ''}`)
  return profile
}

/** The profiles shipped with Nocturne, by name. */
export const BUILT_IN_PROFILES: Readonly<Record<'strip' | 'pseudonymize', Profile>> = {
  strip: builtIn('strip'),
  pseudonymize: builtIn('pseudonymize'),
}
