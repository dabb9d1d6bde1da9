/** The map of safeguards: stations in order, weak points at theirs, a drawing for everyone. */
import { describe, expect, it } from '@jest/globals'
import {
  inventoryCsv,
  mapOf,
  mapSvg,
  safeguardsPdf,
} from '../../src/compliance/safeguards/index.js'
import type { MapSources } from '../../src/compliance/safeguards/index.js'
import type { Facts } from '../../src/compliance/facts.js'
import { change, edited, ended, everythingInPlace, register } from './_site.js'

const profile = {
  name: 'pseudonymize',
  pixels: 'blank',
} as MapSources['config']['facilities'][number]['profile']
const sourcesOf = (facts: Facts): MapSources => ({
  facts,
  config: {
    gateway: { name: 'gateway.example.org', host: '192.0.2.1', port: 8443 },
    store: { kind: 'files', path: '/srv/objects' },
    doors: {
      stow: true,
      dimse: {
        ...{ host: '127.0.0.1', port: 104, aeTitle: 'NOCTURNE', plainFrom: [] },
        peers: [{ aeTitle: 'CT<1>', facility: 'facility-a', addresses: [] }],
      },
    },
    facilities: [
      { id: 'facility-a', certificate: '', profile, groups: ['nights'], documents: 'pass' },
    ],
    groups: [{ id: 'nights', timezone: 'UTC', readers: ['reader-1', 'reader-2'] }],
    witnesses: [{ name: 'w.example', url: 'https://w.example', key: 'k' }],
    sinks: [],
  },
  doors: [
    { door: 'form', address: 'https://g', wants: 'TLS', found: 'TLSv1.3, TLS_AES_256_GCM_SHA384' },
  ],
})
const weakAt = (sources: MapSources, title: string) =>
  mapOf(sources)
    .pages.flatMap(({ stations }) => stations)
    .find((one) => one.title === title)
    ?.weak.map(({ check }) => check)

describe('the map of safeguards', () => {
  it('has a page of origin, medium and distant site for each facility, group and store', () => {
    const { pages } = mapOf(sourcesOf(everythingInPlace()))
    expect(pages.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      ...['facility facility-a', 'group nights', 'store files'],
    ])
    for (const { stations } of pages.slice(0, 2))
      expect(stations.map(({ role }) => role)).toEqual(['origin', 'medium', 'distant'])
    expect(pages.flatMap(({ stations }) => stations.flatMap(({ weak }) => weak))).toEqual([])
  })

  it('names each weak point at its station, with the next step', () => {
    const good = everythingInPlace()
    const at = (plant: (facts: Facts) => Facts, title: string) =>
      weakAt(sourcesOf(plant(good)), title)
    expect(at(register('agreement', ended('facility-a')), 'facility-a')).toEqual([
      'agreements-in-force',
    ])
    expect(at(register('agreement', ended('facility-a')), 'nights')).toEqual([])
    expect(at(register('device', edited('reader-2', { diskEncryption: false })), 'nights')).toEqual(
      ['devices-attested'],
    )
    expect(at(change('configuration', { witnesses: [] }), 'gateway.example.org')).toEqual([
      'witnesses-named',
    ])
    expect(at(change('configuration', { backupTo: undefined }), 'backups')).toEqual([
      'backup-configured',
    ])
    const [weak] = mapOf(sourcesOf(change('ledger', { lastBackup: undefined })(good)))
      .pages.flatMap(({ stations }) => stations)
      .flatMap((one) => one.weak)
    expect(weak?.hint).toContain('nocturne backup')
  })

  it('draws it with a title, a description and escaped names', () => {
    const weak = change('configuration', { witnesses: [] })(everythingInPlace())
    const svg = mapSvg(mapOf(sourcesOf(weak)))
    expect(svg).toMatch(/role="img" aria-labelledby="title desc"/)
    expect(svg).toMatch(/<desc id="desc">Studies come from facility-a, pass /)
    expect(svg).toContain('1 weak point<')
    expect(svg.match(/<g><title>/g)).toHaveLength(6)
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/)
  })

  it('lists every asset, and prints', async () => {
    const sources = sourcesOf(everythingInPlace())
    const csv = inventoryCsv(mapOf(sources), sources)
    for (const kind of [
      'gateway',
      'door',
      'database',
      'store',
      'key',
      'device',
      'vendor',
      'witness',
    ])
      expect(csv).toMatch(new RegExp(`^"${kind}"`, 'm'))
    const context = { ledgerKey: 'k', event: 1, madeFor: 'officer-1' }
    const chunks: Uint8Array[] = []
    for await (const chunk of safeguardsPdf(mapOf(sources), context)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString('latin1')).toContain('/MarkInfo')
  })
})
