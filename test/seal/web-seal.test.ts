/** What a page seals opens on Node, and is what the gateway expects of a message. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { isSealedTo } from '../../src/seal/index.js'
import { newKey, readPrivateKey, toRecipient } from '../../src/seal/keys/index.js'
import type { PrivateKey, Recipient } from '../../src/seal/keys/index.js'
import { openSignedMessage } from '../../src/seal/open/index.js'
import { sealSignedWeb } from '../../src/seal/browser.js'

interface Person {
  readonly key: PrivateKey
  readonly recipient: Recipient
}

async function person(name: string, forGnupg = false): Promise<Person> {
  const { privateKey, certificate } = await newKey({ name, forGnupg })
  const key = await readPrivateKey(privateKey)
  return { key, recipient: await toRecipient(name, certificate, new Date()) }
}

describe('a message sealed in a page', () => {
  let reader: Person
  let facility: Person
  let gnupg: Person
  const content = new TextEncoder().encode('No haemorrhage. äöü')

  beforeAll(async () => {
    reader = await person('reader-1')
    facility = await person('facility-a')
    gnupg = await person('facility-b', true)
  })

  it.each(['seipd2', 'seipd1'])('opens for each recipient, as %s', async (format) => {
    const other = format === 'seipd2' ? facility : gnupg
    const recipients = [reader.recipient, other.recipient]
    const message = await sealSignedWeb(content, reader.key, recipients, new Date())
    for (const { key, recipient } of [reader, other]) {
      expect(await isSealedTo(message, recipient, new Date())).toBe(true)
      const signers = [{ certificate: reader.key.certificate }]
      const opened = await openSignedMessage(message, [key], signers, new Date())
      expect(Buffer.from(opened.content).equals(Buffer.from(content))).toBe(true)
    }
  })

  it('does not open when it was changed, or for another signer', async () => {
    const message = await sealSignedWeb(content, reader.key, [facility.recipient], new Date())
    const signers = [{ certificate: gnupg.key.certificate }]
    await expect(
      openSignedMessage(message, [facility.key], signers, new Date()),
    ).rejects.toMatchObject({ code: 'manifest_not_signed' })
    message[message.length - 1] = (message.at(-1) ?? 0) ^ 1
    const signer = [{ certificate: reader.key.certificate }]
    await expect(
      openSignedMessage(message, [facility.key], signer, new Date()),
    ).rejects.toMatchObject({ code: 'cannot_open' })
  })

  it('is not made for nobody', async () => {
    await expect(sealSignedWeb(content, reader.key, [], new Date())).rejects.toMatchObject({
      code: 'recipient_unusable',
    })
  })
})
