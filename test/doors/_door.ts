/** A DIMSE door on a free port of this machine, with a consumer that a test can inspect. */
import { createHash } from 'node:crypto'
import { serveDimse, Status } from '../../src/doors/dimse/index.js'
import type { Answer, ArrivingInstance, Caller, Refusal } from '../../src/doors/dimse/index.js'
import type { DimseOptions, DimseServer, Services } from '../../src/doors/dimse/index.js'

export interface Arrived {
  readonly caller: Caller
  readonly sopInstance: string
  readonly sha256: string
  readonly size: number
  readonly file: Buffer
}

export interface TestDoor {
  readonly server: DimseServer
  readonly port: number
  readonly arrived: Arrived[]
  readonly refused: Refusal[]
  /** How each association that delivered something ended. */
  readonly ends: string[]
  close(): Promise<void>
}

export const TIMING = { artimMs: 2_000, closeMs: 200, idleMs: 5_000, paceMs: 2_000 }

export async function openDoor(
  options: Partial<Omit<DimseOptions, 'limits'>> & {
    readonly limits?: Partial<DimseOptions['limits']>
    readonly commit?: NonNullable<Services['commit']>
    readonly step?: NonNullable<Services['step']>
    readonly answer?: (instance: ArrivingInstance, file: Buffer) => Promise<Answer> | Answer
  } = {},
): Promise<TestDoor> {
  const arrived: Arrived[] = []
  const refused: Refusal[] = []
  const ends: string[] = []
  const { answer = () => ({ status: Status.success }), commit, step, limits, ...given } = options
  const server = await serveDimse(
    {
      host: '127.0.0.1',
      port: 0,
      tls: undefined,
      aeTitle: 'NOCTURNE',
      plainFrom: [],
      peers: [
        { aeTitle: 'FACILITY_A', facility: 'facility-a', addresses: [], certificate: undefined },
      ],
      ...given,
      now: Date.now,
      limits: {
        ...TIMING,
        associations: 32,
        associationsOfOne: 32,
        associationsPerAddress: 32,
        ...limits,
      },
    },
    {
      ...(commit && { commit }),
      ...(step && { step }),
      open: (caller) => ({
        store: async (instance) => {
          const chunks: Buffer[] = []
          for await (const chunk of instance.file) chunks.push(chunk)
          const file = Buffer.concat(chunks)
          const sha256 = createHash('sha256').update(file).digest('hex')
          const { sopInstance } = instance
          arrived.push({ caller, sopInstance, sha256, size: file.length, file })
          return answer(instance, file)
        },
        end: (how) => {
          ends.push(how)
          return Promise.resolve()
        },
      }),
      refused: (why) => void refused.push(why),
    },
  )
  return { server, port: server.port, arrived, refused, ends, close: () => server.close(1_000) }
}
