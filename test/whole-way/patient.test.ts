import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

/** What scripts/make-study.mjs puts there. */
const PATIENT_ID = 'DEMO-4711'

let site: TestSite
let gateway: RunningGateway
let idFile = ''
beforeAll(async () => {
  site = await makeSite()
  idFile = join(site.dir, '../patient-id')
  await writeFile(idFile, `${PATIENT_ID}\n`)
  gateway = await site.start()
})
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

interface Answer {
  readonly events: readonly {
    readonly entry: { readonly type: string; readonly transfer?: string }
  }[]
  readonly count: number
}

const as = (principal: string) => [
  ...['--gateway', gateway.url, '--token-file', site.tokenFile(principal)],
  '--json',
]
const typesOf = ({ events }: Answer) => events.map(({ entry }) => entry.type)

describe.each(['pseudonymize', 'strip'])(
  'who touched a patient of a facility that sends with %s',
  (profile) => {
    it('is answered by the ID that the facility uses, which gets into no log, address or ledger', async () => {
      await site.configure((yaml) => yaml.replace(/profile: \w+/, `profile: ${profile}`))
      await gateway.stop()
      gateway = await site.start()
      const study = join(site.dir, `../study-${profile}`)
      await makeStudy(study, '--instances', '2', '--size', '64', '--seed', '4711')
      const sent = await nocturne('send', study, ...as('facility-a'))
      const { id } = JSON.parse(sent.stdout) as { id: string }
      const pulled = await nocturne(
        ...[
          'pull',
          id,
          '--key',
          site.keyFile('reader-1'),
          '--out',
          join(site.dir, `../out-${profile}`),
        ],
        ...as('reader-1'),
      )
      expect(pulled.status).toBe(0)
      const ask = async (file: string, ...more: readonly string[]) => {
        const asked = await nocturne(
          ...['audit', 'patient', '--facility', 'facility-a', '--id-file', file, ...more],
          ...as('officer-1'),
        )
        return JSON.parse(asked.stdout) as Answer
      }
      const answer = await ask(idFile)
      const mine = answer.events.filter(({ entry }) => entry.transfer === id)
      expect(mine.map(({ entry }) => entry.type)).toEqual(
        expect.arrayContaining([
          ...['transfer.begun', 'item.accepted', 'transfer.available'],
          ...['download.begun', 'download.ended', 'transfer.acknowledged'],
        ]),
      )
      expect(answer.count).toBe(answer.events.length)
      const direct = await nocturne(
        ...['audit', 'patient', '--facility', 'facility-a', '--id-file', idFile],
        ...['--site', site.dir, '--json'],
      )
      expect(typesOf(JSON.parse(direct.stdout) as Answer)).toEqual(typesOf(answer))
      const other = join(site.dir, '../other-id')
      await writeFile(other, 'somebody else')
      await expect(ask(other)).resolves.toMatchObject({ events: [], count: 0 })
      const page = await ask(idFile, '--limit', '1')
      expect(page.events).toHaveLength(1)
      expect(page.count).toBe(answer.count)

      expect(gateway.log()).not.toContain(PATIENT_ID)
      const data = join(site.dir, 'data')
      for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue
        const bytes = await readFile(join(entry.parentPath, entry.name))
        expect(bytes.includes(PATIENT_ID)).toBe(false)
      }
    }, 120_000)
  },
)
