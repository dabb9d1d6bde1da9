import { basename } from 'node:path'
import { BUILT_IN_PROFILES, loadProfile } from '../../deidentify/rules/index.js'
import type { Profile } from '../../deidentify/rules/index.js'
import { CommandError, usageError } from '../command-error.js'
import { readSmallText } from '../secret-file.js'

const builtIn: ReadonlyMap<string, Profile> = new Map(Object.entries(BUILT_IN_PROFILES))

/**
 * A built-in profile by its name, or one from a YAML file.
 *
 * @throws CommandError `usage` for a name that is neither, `file_unreadable`, and all errors in the
 * file.
 */
export async function readProfile(nameOrPath: string): Promise<Profile> {
  const known = builtIn.get(nameOrPath)
  if (known !== undefined) return known
  if (!/[/\\]|\.ya?ml$/i.test(nameOrPath)) {
    throw usageError(
      'there is no profile with this name',
      `give ${[...builtIn.keys()].join(' or ')}, or the path of a YAML file`,
    )
  }
  const name = basename(nameOrPath).replace(/\.ya?ml$/i, '')
  const { profile, problems } = loadProfile(await readSmallText(nameOrPath), name)
  if (profile !== undefined) return profile
  throw new CommandError(`the profile contains errors: ${nameOrPath}`, {
    code: 'profile_invalid',
    hint: problems[0]?.hint ?? 'compare it with the profiles in config/profiles',
    details: problems.map(({ path, line, problem, hint }) =>
      [line === undefined ? '' : `line ${line}:`, path, `${problem}: ${hint}`].join(' ').trim(),
    ),
  })
}
