/** Notes on cases, on the machine of a facility or a reader: sealed, opened and verified here. */
import { noteDocument } from '../../protocol/feedback.js'
import type { NoteDocument } from '../../protocol/feedback.js'
import { noteAnswer, noteRecipientsAnswer, notesAnswer } from '../../protocol/http/notes.js'
import type { NoteAnswer, NoteView } from '../../protocol/http/notes.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { parseAnswer } from '../parse-answer.js'
import { documentIn, openSigned, recipientsOf, sealSigned } from './seal-back.js'
import { whoAmI } from './take-claim.js'

/** @throws CommandError `recipient_unusable`; errors of the gateway */
export async function addNote(
  client: GatewayClient,
  key: PrivateKey,
  name: string,
  text: string,
): Promise<NoteAnswer> {
  const author = await whoAmI(client)
  const path = `/v1/cases/${name}/note-recipients`
  const found = parseAnswer(noteRecipientsAnswer, await client.json({ path }))
  const { gateway, code } = found
  const document: NoteDocument = {
    ...{ v: 1, type: 'nocturne-note', gateway, case: code, author, text },
    signedAt: new Date().toISOString(),
  }
  const content = Buffer.from(JSON.stringify(document))
  const message = await sealSigned(content, key, await recipientsOf(found))
  const body = { message: message.toString('base64') }
  return parseAnswer(noteAnswer, await client.post(`/v1/cases/${name}/notes`, body))
}

export interface OpenedNote extends Omit<NoteView, 'message' | 'certificate'> {
  readonly text: string
}

/**
 * Oldest first.
 *
 * @throws CommandError `cannot_open`; `note_invalid` for one that its author did not sign so
 */
export async function openNotes(
  client: GatewayClient,
  key: PrivateKey,
  name: string,
): Promise<readonly OpenedNote[]> {
  const path = `/v1/cases/${name}/notes`
  const { notes } = parseAnswer(notesAnswer, await client.json({ path }))
  const opened: OpenedNote[] = []
  for (const { message, certificate, ...note } of notes) {
    const sealed = Buffer.from(message, 'base64')
    const content = await openSigned(sealed, [key], certificate, `the note of ${note.author}`)
    const document = documentIn(content, noteDocument)
    if (document?.case !== note.code || document.author !== note.author)
      throw new CommandError(`a note on ${note.code} is not what ${note.author} signed`, {
        code: 'note_invalid',
        hint: 'do not use it; tell the operator',
      })
    opened.push({ ...note, text: document.text })
  }
  return opened
}
