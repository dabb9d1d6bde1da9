/**
 * c2sp.org/tlog-policy: which logs are trusted, and how many of which witnesses must have cosigned.
 * Uses no Node modules.
 */
import type { LedgerCrypto } from '../verify/crypto.js'
import { cosignedAt, parseCosignerKey } from './cosignature.js'
import { parseNote, parseVerifierKey } from '../verify/note.js'
import type { VerifierKey } from '../verify/note.js'

export interface Policy {
  /** Verifier keys of the logs. */
  readonly logs: readonly string[]
  readonly witnesses: readonly PolicyWitness[]
  /** Whether cosignatures of these witnesses (by their names in the policy) are sufficient. */
  isQuorum(cosigned: ReadonlySet<string>): boolean
}

export interface PolicyWitness {
  readonly name: string
  readonly key: VerifierKey
}

interface Rule {
  readonly members: readonly string[]
  readonly threshold: number
}

const MAX_CHARACTERS = 256 * 1024
const MAX_LINES = 2_000

/**
 * Returns the policy, or what is wrong with the text. Lines end in a newline, which the last one
 * may lack.
 */
export async function parsePolicy(
  text: string,
  crypto: LedgerCrypto,
): Promise<Policy | { readonly problem: string }> {
  const lines = text.split('\n')
  if (text.length > MAX_CHARACTERS || lines.length > MAX_LINES)
    return { problem: 'the policy is too long' }
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text))
    return { problem: 'the policy contains a control character' }
  const logs: string[] = []
  const witnesses: PolicyWitness[] = []
  const rules = new Map<string, Rule>()
  const taken = new Set<string>()
  const publicKeys = new Set<string>()
  const members = new Set<string>()
  let quorum: string | undefined

  const readLine = async (words: readonly string[]): Promise<string | undefined> => {
    const [kind, first = '', second = '', ...rest] = words
    if (kind === 'log') {
      const key = await parseVerifierKey(first, crypto)
      if (!key || words.length > 3) return 'is not a valid log'
      if (!addNew(publicKeys, `log ${key.publicKey.toString()}`)) return 'names a log twice'
      logs.push(first)
    } else if (kind === 'witness') {
      const key = await parseCosignerKey(second, crypto)
      if (!key || words.length > 4 || first === 'none') return 'is not a valid witness'
      if (!addNew(publicKeys, `witness ${key.publicKey.toString()}`)) return 'names a witness twice'
      if (!addNew(taken, first)) return 'uses a name twice'
      witnesses.push({ name: first, key })
      rules.set(first, { members: [], threshold: 0 })
    } else if (kind === 'group') {
      const threshold = thresholdOf(second, rest.length)
      if (threshold === undefined || first === 'none') return 'is not a valid group'
      if (!rest.every((name) => rules.has(name))) return 'names a member that is not defined'
      if (!rest.every((name) => addNew(members, name))) return 'names a member twice'
      if (!addNew(taken, first)) return 'uses a name twice'
      rules.set(first, { members: rest, threshold })
    } else if (kind === 'quorum') {
      if (words.length !== 2 || quorum !== undefined)
        return 'is not a valid quorum, or not the only one'
      if (first !== 'none' && !rules.has(first)) return 'names a quorum that is not defined'
      quorum = first
    } else return 'is not recognized'
    return undefined
  }

  for (const [i, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '')
    if (words.length === 0 || words[0]?.startsWith('#')) continue
    const problem = await readLine(words)
    if (problem !== undefined) return { problem: `line ${i + 1} of the policy ${problem}` }
  }
  if (quorum === undefined) return { problem: 'the policy has no quorum' }
  const root = quorum

  const isMet = (name: string, cosigned: ReadonlySet<string>): boolean => {
    const rule = rules.get(name)
    if (!rule || rule.threshold === 0) return cosigned.has(name)
    return rule.members.filter((member) => isMet(member, cosigned)).length >= rule.threshold
  }
  return { logs, witnesses, isQuorum: (cosigned) => root === 'none' || isMet(root, cosigned) }
}

function thresholdOf(text: string, count: number): number | undefined {
  if (count < 1) return undefined
  if (text === 'all') return count
  if (text === 'any') return 1
  const threshold = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0
  return threshold >= 1 && threshold <= count ? threshold : undefined
}

function addNew(set: Set<string>, value: string): boolean {
  if (set.has(value)) return false
  set.add(value)
  return true
}

/** Which witnesses of the policy cosigned a signed checkpoint, and the time that each states. */
export async function witnessesOf(
  signed: string,
  witnesses: readonly PolicyWitness[],
  crypto: LedgerCrypto,
): Promise<ReadonlyMap<string, number>> {
  const note = parseNote(signed)
  const found = new Map<string, number>()
  if (!note) return found
  for (const { name, key } of witnesses) {
    const time = await cosignedAt(note, key, crypto)
    if (time !== undefined) found.set(name, time)
  }
  return found
}

/** Writes a policy for a log whose checkpoints must be cosigned by a majority of the witnesses. */
export function formatPolicy(
  log: string,
  witnesses: readonly { readonly name: string; readonly key: string; readonly url: string }[],
): string {
  const names = witnesses.map(({ name }) => name)
  return [
    `log ${log}`,
    ...witnesses.map(({ name, key, url }) => `witness ${name} ${key} ${url}`),
    ...(names.length > 0
      ? [`group witnesses ${majority(names.length)} ${names.join(' ')}`, 'quorum witnesses']
      : ['quorum none']),
    '',
  ].join('\n')
}

/**
 * More than half: any two majorities share a witness, who would have had to cosign both of two
 * conflicting histories.
 */
export const majority = (count: number): number => Math.floor(count / 2) + 1
