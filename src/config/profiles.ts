import { basename } from 'node:path'
import type { Profile } from '../deidentify/rules/index.js'
import type { SiteDraft } from './yaml/draft.js'
import { shorten } from './yaml/expectations.js'
import { readText, resolvePath } from './files.js'
import type { SiteProblem } from './site-config.js'
import type { Finding } from './yaml/finding.js'
import { nearest } from './yaml/suggest.js'

/** Provided by the room deidentify. */
export interface ProfileReader {
  /** Built-in profiles, by name. */
  readonly builtInProfiles: Readonly<Record<string, Profile>>
  /** A profile from YAML, or every error in it; `name` is the file name without its extension. */
  readonly loadProfile: (
    text: string,
    name: string,
  ) => { readonly profile?: Profile | undefined; readonly problems: readonly SiteProblem[] }
}

export interface ProfilesReading {
  /** Keyed by the word used in the YAML. */
  readonly profiles: ReadonlyMap<string, Profile>
  readonly findings: readonly Finding[]
  /** Problems inside profile files. */
  readonly problems: readonly SiteProblem[]
}

const FILE = /[/\\]|\.ya?ml$/i

/** Reads the profiles that facilities and intake rules name, each once. */
export async function readProfiles(
  dir: string,
  site: SiteDraft,
  { builtInProfiles, loadProfile }: ProfileReader,
): Promise<ProfilesReading> {
  const builtIn = new Map(Object.entries(builtInProfiles))
  const profiles = new Map<string, Profile>()
  const findings: Finding[] = []
  const problems: SiteProblem[] = []
  const seen = new Set<string>()
  for (const { name, at } of namedIn(site)) {
    const known = builtIn.get(name)
    if (known) profiles.set(name, known)
    else if (!FILE.test(name)) findings.push({ at, ...unknownProfile(name, [...builtIn.keys()]) })
    else if (!seen.has(name)) {
      seen.add(name)
      const file = shorten(name)
      const hint = 'write the name of a built-in profile, or the path of your own'
      const reading = await readText(resolvePath(dir, name), file, hint)
      if (reading.problem) {
        findings.push({ at, ...reading.problem })
        continue
      }
      const loaded = loadProfile(reading.text, basename(name).replace(/\.ya?ml$/i, ''))
      if (loaded.profile) profiles.set(name, loaded.profile)
      for (const { path, line, problem, hint: advice } of loaded.problems) {
        const place = line === undefined ? file : `${file}:${line}`
        problems.push({ path: path ? `${place}: ${shorten(path)}` : place, problem, hint: advice })
      }
    }
  }
  return { profiles, findings, problems }
}

const namedIn = ({ facilities, intake }: SiteDraft) => [
  ...facilities.flatMap(({ profile: name }, index) =>
    name === undefined ? [] : [{ name, at: ['facilities', index, 'profile'] }],
  ),
  ...(intake?.rules ?? []).flatMap(({ then: { profile: name } }, index) =>
    name === undefined ? [] : [{ name, at: ['intake', 'rules', index, 'then', 'profile'] }],
  ),
]

function unknownProfile(name: string, names: readonly string[]) {
  const meant = nearest(name, names)
  const all = `write ${names.join(' or ')}, or the path of your own profile (ending in .yaml)`
  return {
    problem: `names an unknown profile, ${shorten(name)}`,
    hint: meant === undefined ? all : `did you mean ${meant}? otherwise ${all}`,
  }
}
