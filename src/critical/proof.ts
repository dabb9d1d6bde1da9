/** Proves that a read-back has the words of the finding, to a gateway that knows neither. */
import { createHash, createHmac } from 'node:crypto'
import { wordsOf } from '../protocol/critical.js'

/**
 * @param salt the finding's, hexadecimal; without it nobody can guess the words from the commitment
 * @returns hexadecimal
 */
export const proofOfWords = (salt: string, text: string): string =>
  createHmac('sha256', Buffer.from(salt, 'hex')).update(wordsOf(text)).digest('hex')

/** What the reader signs, and the gateway compares with. */
export const commitmentOf = (proof: string): string =>
  createHash('sha256').update(proof, 'hex').digest('hex')
