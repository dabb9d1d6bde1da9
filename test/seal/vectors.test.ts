import { describe, expect, it } from '@jest/globals'
import { decryptSessionKeys, readMessage, unarmor } from 'openpgp'
import { nodeCiphers, readPrivateKey, inspectCertificate } from '../../src/seal/index.js'
import { readContent } from '../../src/seal/open-content.js'
import { Body, ByteSource } from '../../src/seal/open-packets.js'
import { openSeipd2, readSeipd2Header } from '../../src/seal/open-seipd2.js'
import { attempt, collect, split } from './_seal.js'

const armored = (kind: string, body: string): string =>
  `-----BEGIN PGP ${kind}-----\n\n${body}\n-----END PGP ${kind}-----\n`

async function binary(kind: string, body: string): Promise<Uint8Array> {
  const { data } = await unarmor(armored(kind, body))
  if (!(data instanceof Uint8Array)) throw new TypeError('not in memory')
  return data
}

// RFC 9580 appendix A.4: an unlocked version 6 key.
const A4 = `xUsGY4d/4xsAAAAg+U2nu0jWCmHlZ3BqZYfQMxmZu52JGggkLq2EVD34laMAGXKB
exK+cH6NX1hs5hNhIB00TrJmosgv3mg1ditlsLfCsQYfGwoAAABCBYJjh3/jAwsJ
BwUVCg4IDAIWAAKbAwIeCSIhBssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce6
2azJBScJAgcCAAAAAK0oIBA+LX0ifsDm185Ecds2v8lwgyU2kCcUmKfvBXbAf6rh
RYWzuQOwEn7E/aLwIwRaLsdry0+VcallHhSu4RN6HWaEQsiPlR4zxP/TP7mhfVEe
7XWPxtnMUMtf15OyA51YBMdLBmOHf+MZAAAAIIaTJINn+eUBXbki+PSAld2nhJh/
LVmFsS+60WyvXkQ1AE1gCk95TUR3XFeibg/u/tVY6a//1q0NWC1X+yui3O24wpsG
GBsKAAAALAWCY4d/4wKbDCIhBssYbE8GCaaX5NUt+mxyKwwfHifBilZwj2Ul7Ce6
2azJAAAAAAQBIKbpGG2dWTX8j+VjFM21J0hqWlEg+bdiojWnKfA5AQpWUWtnNwDE
M0g12vYxoWM8Y81W+bHBw805I8kWVkXU6vFOi+HWvv/ira7ofJu16NnoUkhclkUr
k0mXubZvyl4GBg==`
// A.8: to that key, X25519 and AES-256 with OCB.
const A8 = `wV0GIQYSyD8ecG9jCP4VGkF3Q6HwM3kOk+mXhIjR2zeNqZMIhRmHzxjV8bU/gXzO
WgBM85PMiVi93AZfJfhK9QmxfdNnZBjeo1VDeVZheQHgaVf7yopqR6W1FT6NOrfS
aQIHAgZhZBZTW+CwcW1g4FKlbExAf56zaw76/prQoN+bAzxpohup69LA7JW/Vp0l
yZnuSj3hcFj0DfqLTGgr4/u717J+sPWbtQBfgMfG9AOIwwrUBqsFE9zW+f1zdlYo
bhF30A+IitsxxA==`
// A.11: under a password, AES-128 with GCM and a padding packet.
const A11 = `wzwGGgcDCwMI6dOXhbIHAAj/tC58SD70iERXyzcmubPbn/d25fTZpAlS4kRymIUa
v/91Jt8t1VRBdXmneZ/SaQIHAwb8uUSQvLmLvcnRBsYJAmaUD3LontwhtVlrFXax
Ae0Pn/xvxtZbv9JNzQeQlm5tHoWjAFN4TLHYtqBpnvEhVaeyrWJYUxtXZR/Xd3kS
+pXjXZtAIW9ppMJI2yj/QzHxYykHOZ5v+Q==`

describe('the vectors of RFC 9580', () => {
  it('A.11: opens AES-128 with GCM under its session key', async () => {
    const bytes = await binary('MESSAGE', A11)
    const [found] = await decryptSessionKeys({
      message: await readMessage({ binaryMessage: bytes }),
      passwords: 'password',
    })
    const source = new ByteSource(split(bytes, 7))
    await (await Body.next(source))!.skip()
    const data = (await Body.next(source))!
    expect(await data.exactly(1)).toEqual(Uint8Array.of(2))
    const header = await readSeipd2Header(data)
    const plaintext = openSeipd2(data, header, found!.data, nodeCiphers)
    const content = await collect(readContent(plaintext, 100))
    expect(content.toString()).toBe('Hello, world!')
  })

  it('A.4 and A.8: opens OCB to a version 6 key', async () => {
    const key = await readPrivateKey(armored('PRIVATE KEY BLOCK', A4))
    expect(key.fingerprint).toBe('cb186c4f0609a697e4d52dfa6c722b0c1f1e27c18a56708f6525ec27bad9acc9')
    const { released, code } = await attempt(await binary('MESSAGE', A8), key)
    expect({ text: released.toString(), code }).toEqual({ text: 'Hello, world!', code: undefined })
  })

  it('A.8 changed in any octet of its data is refused', async () => {
    const key = await readPrivateKey(armored('PRIVATE KEY BLOCK', A4))
    const bytes = Buffer.from(await binary('MESSAGE', A8))
    for (let at = 97; at < bytes.length; at += 5) {
      const changed = Buffer.from(bytes)
      changed[at] = changed[at]! ^ 0x80
      expect(await attempt(changed, key)).toEqual({
        released: Buffer.alloc(0),
        code: 'cannot_open',
      })
    }
  })

  it('A.3: the certificate passes the policy, and announces no AES-256 with GCM', async () => {
    const { certificate } = await readPrivateKey(armored('PRIVATE KEY BLOCK', A4))
    const report = await inspectCertificate(certificate)
    expect(report).toMatchObject({ version: 6, problems: [], takesSeipd2: false })
    expect(report.keys.map(({ algorithm, uses }) => [algorithm, ...uses])).toEqual([
      ['Ed25519', 'certify', 'sign'],
      ['X25519', 'encrypt'],
    ])
  })
})
