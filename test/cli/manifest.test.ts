import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { sep } from 'node:path'
import { createHash } from 'node:crypto'
import { DataPacketMeter } from '../../src/cli/reader/data-packet.js'
import { parseManifest } from '../../src/cli/reader/manifest.js'
import { itemPaths } from '../../src/protocol/opened-names.js'

const ID = '01985b2e-7c11-7f3a-9d52-1f0c5a9be001'
const digest = { sha256: 'a'.repeat(64), size: 10 }

function manifestOf(items: readonly object[], more: object = {}): Buffer {
  const all = items.map((item, at) => ({
    index: at + 1,
    kind: 'instance',
    mediaType: 'application/dicom',
    plaintext: digest,
    ciphertext: digest,
    ...item,
  }))
  const manifest = { v: 1, transfer: ID, facility: 'f', group: 'g', gateway: 'gw', items: all }
  return Buffer.from(JSON.stringify({ ...manifest, ...more }))
}

const pathsOf = (items: readonly object[]) => [
  ...itemPaths(parseManifest(manifestOf(items), ID, 'gw').items).values(),
]

describe('a manifest', () => {
  it('must be about this transfer and this gateway', () => {
    expect(parseManifest(manifestOf([{}]), ID, 'gw').items).toHaveLength(1)
    const wrong = [
      [manifestOf([{}], { transfer: ID.replace('1', '2') }), 'gw'],
      [manifestOf([{}]), 'other'],
      [manifestOf([{}], { v: 2 }), 'gw'],
      [manifestOf([{ index: 1 }, { index: 1 }]), 'gw'],
      [manifestOf([]), 'gw'],
      [Buffer.from('{'), 'gw'],
      [Buffer.from([0xff, 0xfe]), 'gw'],
    ] as const
    for (const [bytes, gateway] of wrong) {
      expect(() => parseManifest(bytes, ID, gateway)).toThrow('the items do not match')
    }
  })

  it('names instances by their UIDs and documents by their number', () => {
    expect(
      pathsOf([
        { study: '2.25.1', series: '2.25.2', instance: '2.25.3' },
        { kind: 'document', mediaType: 'application/pdf' },
      ]),
    ).toEqual(['2.25.1/2.25.2/2.25.3.dcm', 'documents/0002.pdf'])
  })

  it('gives two items with the same UIDs different names', () => {
    const same = { study: '2.25.1', series: '2.25.2', instance: '2.25.3' }
    expect(pathsOf([same, same])[1]).toBe('items/0002.dcm')
  })

  it('lets no text in the manifest lead outside the folder', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 64 }),
      fc.constantFrom('..', '.', '1', '1.', '.1', '1..2', '../1.2', '1.2/3', '01.2', ''),
    )
    fc.assert(
      fc.property(text, text, text, (study, series, instance) => {
        for (const kind of ['instance', 'document']) {
          const [path = ''] = pathsOf([{ kind, mediaType: study, study, series, instance }])
          expect(path).toMatch(/^(items|documents|[\d.]+)[/\\]/)
          for (const part of path.split(sep)) expect(part).not.toMatch(/^\.*$/)
        }
      }),
    )
  })
})

describe('the meter of the data packet', () => {
  /**
   * Packets according to RFC 9580 section 4.2: new format with lengths of one, two and five octets,
   * and old format.
   */
  const keyPackets = [
    Buffer.from([0xc1, 3, 1, 2, 3]),
    Buffer.concat([Buffer.from([0xc1, 192, 8]), Buffer.alloc(200)]),
    Buffer.concat([Buffer.from([0xc1, 255, 0, 0, 1, 0]), Buffer.alloc(256)]),
    Buffer.concat([Buffer.from([0x85, 1, 0]), Buffer.alloc(256)]),
  ]
  const data = Buffer.concat([Buffer.from([0xd2, 5]), Buffer.from('hello')])

  it('measures only the data packet, however the message is split into chunks', () => {
    fc.assert(
      fc.property(
        fc.subarray(keyPackets),
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
        (packets, cuts) => {
          const message = Buffer.concat([...packets, data])
          const meter = new DataPacketMeter()
          let at = 0
          for (let turn = 0; at < message.length; turn++) {
            const end = at + cuts[turn % cuts.length]!
            meter.update(message.subarray(at, end))
            at = end
          }
          expect(meter.digest()).toEqual({
            sha256: createHash('sha256').update(data).digest('hex'),
            size: data.length,
          })
        },
      ),
    )
  })

  it('refuses an invalid message, and endless key packets', () => {
    const wrong = [
      Buffer.from('<html>'),
      Buffer.from([0xcb, 1, 2]),
      Buffer.from([0xc1, 230, 0]),
      Buffer.from([0x87, 1, 2]),
      Buffer.from([0xc1, 255, 0xff, 0xff, 0xff, 0xff]),
    ]
    for (const bytes of wrong) {
      expect(() => new DataPacketMeter().update(bytes)).toThrow('the message cannot be opened')
    }
  })
})
