/** Keeps, unlocks and forgets copies of the key that the worker holds. */
import { NocturneError } from '../../../../lib/errors.js'
import { readPrivateKey } from '../../../../seal/browser.js'
import type { PrivateKey } from '../../../../seal/browser.js'
import { lockKey, unwrapKey, wrapKey } from '../../../../seal/kept/browser.js'
import { deleteRecord, keptRecord, keptRecords, putRecord } from './database.js'
import type { KeptRecord } from './database.js'
import type {
  KeepKey,
  KeptKey,
  KeptRequest,
  KeptResults,
  MakeRecovery,
  UnlockKept,
} from './messages.js'
import { newRecoveryCode, readRecoveryCode } from './recovery-code.js'

interface Hands {
  readonly held: () => PrivateKey
  readonly hold: (key: PrivateKey) => void
}

/** More would make the list of the authenticator unusable. */
const MAX_PASSKEYS = 8

export class KeptKeys {
  readonly #held: () => PrivateKey
  readonly #hold: (key: PrivateKey) => void

  constructor({ held, hold }: Hands) {
    this.#held = held
    this.#hold = hold
  }

  /** @throws NocturneError */
  async do(request: KeptRequest): Promise<KeptResults[keyof KeptResults]> {
    switch (request.do) {
      case 'kept':
        return listed()
      case 'keep':
        return this.#keep(request)
      case 'unlock kept':
        return this.#unlock(request)
      case 'recovery':
        return this.#recovery(request)
      case 'forget':
        await deleteRecord(request.principal)
        return listed()
    }
  }

  async #keep({ principal, under }: KeepKey): Promise<KeptResults['keep']> {
    const key = this.#held()
    const kept = await this.#record(principal)
    if (under.by === 'passphrase') {
      const passphrase = await lockKey(key, under.passphrase, 'this page')
      await putRecord({ ...kept, passphrase })
      return listed()
    }
    const { credential, salt: prfSalt, secret } = under
    try {
      const wrapped = await wrapKey(key, secret, about(kept))
      const others = kept.passkeys.filter((one) => one.credential !== credential)
      const passkeys = [...others, { credential, prfSalt, wrapped }].slice(-MAX_PASSKEYS)
      await putRecord({ ...kept, passkeys })
      return await listed()
    } finally {
      secret.fill(0)
    }
  }

  /** Of the key that is held: copies of an earlier one would let its owner think it is kept. */
  async #record(principal: string): Promise<KeptRecord> {
    const { fingerprint } = this.#held()
    const kept = await keptRecord(principal)
    if (kept?.fingerprint === fingerprint) return kept
    return { principal, fingerprint, keptAt: new Date().toISOString(), passkeys: [] }
  }

  async #unlock({ principal, with: given }: UnlockKept): Promise<KeptResults['unlock kept']> {
    const kept = await keptRecord(principal)
    if (!kept) throw new NocturneError('kept_key_missing')
    const key =
      given.by === 'passphrase'
        ? await openLocked(kept, given.passphrase)
        : await openWrapped(kept, given)
    this.#hold(key)
    return { fingerprint: key.fingerprint }
  }

  async #recovery({ principal }: MakeRecovery): Promise<KeptResults['recovery']> {
    const key = this.#held()
    const code = newRecoveryCode()
    const lockedKey = await lockKey(key, code, 'any program')
    const kept = await keptRecord(principal)
    if (kept?.fingerprint === key.fingerprint) await putRecord({ ...kept, recovery: lockedKey })
    return { code, lockedKey, fingerprint: key.fingerprint }
  }
}

/** The passphrase, or the recovery code in the same field. */
async function openLocked(kept: KeptRecord, typed: string): Promise<PrivateKey> {
  const code = readRecoveryCode(typed)
  if (code !== undefined && kept.recovery !== undefined) {
    const found = await readPrivateKey(kept.recovery, code).catch(() => undefined)
    if (found) return found
  }
  if (kept.passphrase === undefined) throw new NocturneError('key_passphrase_wrong')
  return readPrivateKey(kept.passphrase, typed)
}

async function openWrapped(
  kept: KeptRecord,
  { credential, secret }: Extract<UnlockKept['with'], { by: 'passkey' }>,
): Promise<PrivateKey> {
  try {
    const found = kept.passkeys.find((one) => one.credential === credential)
    if (!found) throw new NocturneError('kept_key_unreadable')
    return await unwrapKey(found.wrapped, secret, about(kept))
  } finally {
    secret.fill(0)
  }
}

/** A copy that was moved to another person's record does not open. */
const about = ({ principal, fingerprint }: KeptRecord): string => `${principal} ${fingerprint}`

async function listed(): Promise<{ readonly keys: readonly KeptKey[] }> {
  const keys = (await keptRecords()).map(
    ({ principal, fingerprint, keptAt, passphrase, recovery, passkeys }): KeptKey => ({
      ...{ principal, fingerprint, keptAt },
      hasPassphrase: passphrase !== undefined,
      hasRecoveryCode: recovery !== undefined,
      passkeys: passkeys.map(({ credential, prfSalt }) => ({ credential, salt: prfSalt })),
    }),
  )
  return { keys }
}
