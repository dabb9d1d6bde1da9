/**
 * Runs before each test file: properties use one seed, so that two runs on one commit agree.
 * `NOCTURNE_TEST_SEED=random` chooses a new one, and a failure prints the seed that reproduces it.
 */
import fc from 'fast-check'

const asked = process.env.NOCTURNE_TEST_SEED ?? '20'
const seed = asked === 'random' ? undefined : Number(asked)
if (seed !== undefined && !Number.isInteger(seed)) {
  throw new Error('NOCTURNE_TEST_SEED is neither a whole number nor `random`')
}
if (seed !== undefined) fc.configureGlobal({ seed })
