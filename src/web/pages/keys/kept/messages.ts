/** Messages about keys that the browser keeps. The page receives no copy that it could open. */

/** What unlocks a kept key. */
export type Unlocking =
  | { readonly by: 'passphrase'; readonly passphrase: string }
  | { readonly by: 'passkey'; readonly credential: string; readonly secret: Uint8Array }

export interface Passkey {
  /** ID of the credential, base64url. */
  readonly credential: string
  /** What the authenticator derives the secret from: 32 random bytes. */
  readonly salt: Uint8Array
}

/** What may be shown about a kept key. */
export interface KeptKey {
  /** Whose it is at this gateway. */
  readonly principal: string
  readonly fingerprint: string
  readonly keptAt: string
  readonly hasPassphrase: boolean
  readonly hasRecoveryCode: boolean
  readonly passkeys: readonly Passkey[]
}

export interface ListKept {
  readonly do: 'kept'
}

/** Keeps the key that is held; a copy of an earlier key of the same person is replaced. */
export interface KeepKey {
  readonly do: 'keep'
  readonly principal: string
  readonly under:
    | { readonly by: 'passphrase'; readonly passphrase: string }
    | ({ readonly by: 'passkey'; readonly secret: Uint8Array } & Passkey)
}

export interface UnlockKept {
  readonly do: 'unlock kept'
  readonly principal: string
  readonly with: Unlocking
}

export interface ForgetKept {
  readonly do: 'forget'
  readonly principal: string
}

/**
 * A code to print, and a file that only the code opens. A kept copy of the key is opened by it too.
 */
export interface MakeRecovery {
  readonly do: 'recovery'
  readonly principal: string
}

export type KeptRequest = ListKept | KeepKey | UnlockKept | ForgetKept | MakeRecovery

export interface KeptResults {
  kept: { readonly keys: readonly KeptKey[] }
  keep: { readonly keys: readonly KeptKey[] }
  'unlock kept': { readonly fingerprint: string }
  forget: { readonly keys: readonly KeptKey[] }
  /** `lockedKey` is armored. */
  recovery: { readonly code: string; readonly lockedKey: string; readonly fingerprint: string }
}
