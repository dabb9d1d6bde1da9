/** A witness that keeps its memory in a Map, and requests to it. */
import { createWitness, newWitnessKey } from '../../src/ledger/witness/witness.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import type { Submit } from '../../src/ledger/witness/witnessing.js'
import type { Witness, WitnessMemory } from '../../src/ledger/witness/witness.js'

export interface TestWitness {
  readonly witness: Witness
  readonly name: string
  readonly key: string
  readonly kept: Map<string, string>
  /** The same witness after a restart. */
  readonly reopen: () => Promise<Witness>
}

export async function openWitness(
  logs: readonly string[],
  name = 'witness.example.org',
  memory?: WitnessMemory,
): Promise<TestWitness> {
  const { privateKey: signingKey, verifierKey: key } = newWitnessKey(name)
  const kept = new Map<string, string>()
  const inMap: WitnessMemory = {
    read: (origin) => Promise.resolve(kept.get(origin)),
    write: async (origin, signed) => {
      // Long enough for two requests to overlap if they were not serialized.
      await new Promise((resolve) => setImmediate(resolve))
      kept.set(origin, signed)
    },
  }
  const reopen = () =>
    createWitness({ name, signingKey, logs, memory: memory ?? inMap, now: Date.now })
  return { witness: await reopen(), name, key, kept, reopen }
}

/** The body that submits the newest checkpoint, starting from size `old`. */
export async function submission(ledger: Ledger, old: number, size?: number): Promise<string> {
  const checkpoint = await ledger.checkpoint()
  const now = size ?? Number(checkpoint.split('\n')[1])
  const path = old > 0 && old < now ? await ledger.consistency(old, now) : []
  const hashes = path.map((hash) => Buffer.from(hash).toString('base64'))
  return [`old ${old}`, ...hashes, '', checkpoint].join('\n')
}

/** Passes requests for `https://NAME/add-checkpoint` to the witness with that name. */
export const submitTo =
  (...witnesses: readonly TestWitness[]): Submit =>
  async (url, body) => {
    const one = witnesses.find(({ name }) => url === `https://${name}/add-checkpoint`)
    if (!one) throw new Error('unreachable')
    return one.witness.addCheckpoint(body)
  }
