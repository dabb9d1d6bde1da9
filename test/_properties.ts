/**
 * Before each test file: properties draw from one seed, so that two runs on one commit agree.
 * `NOCTURNE_TEST_SEED=random` draws anew, and a failure prints the number that repeats it.
 */
import fc from 'fast-check'

const asked = process.env.NOCTURNE_TEST_SEED ?? '20'
const seed = asked === 'random' ? undefined : Number(asked)
if (seed !== undefined && !Number.isInteger(seed)) {
  throw new Error('NOCTURNE_TEST_SEED is neither a whole number nor `random`')
}
if (seed !== undefined) fc.configureGlobal({ seed })
