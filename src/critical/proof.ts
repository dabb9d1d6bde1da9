/** Proves that a read-back has the words of the finding, to a gateway that knows neither. */
import { bytesOfHex } from '../lib/bytes.js'
import { hmacOf, sha256Of } from '../protocol/signed.js'
import { wordsOf } from '../protocol/critical.js'

/**
 * @param salt the finding's, hexadecimal; without it nobody can guess the words from the commitment
 * @returns hexadecimal
 */
export const proofOfWords = (salt: string, text: string): Promise<string> =>
  hmacOf(bytesOfHex(salt), wordsOf(text))

/** What the reader signs, and the gateway compares with. */
export const commitmentOf = (proof: string): Promise<string> => sha256Of(bytesOfHex(proof))
