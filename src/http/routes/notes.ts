/** Notes on cases, sealed to the facility and the readers of the group. */
import { Router, json } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import { addNote, readNotes } from '../../cases/notes/index.js'
import type { NoteParts } from '../../cases/notes/index.js'
import type { Directory } from '../../directory/index.js'
import type { Signers } from '../../ledger/rows/index.js'
import { newNote } from '../../protocol/http/notes.js'
import type { NoteView } from '../../protocol/http/notes.js'
import type { NoteTable } from '../../state/cases/index.js'
import { parseBody } from '../parse.js'
import { admitToCase } from '../request.js'

export interface NoteRouteRooms extends NoteParts {
  readonly gatekeeper: Pick<Gatekeeper, 'admitToCase'>
  readonly directory: Pick<Directory, 'principal' | 'facilityRecipient' | 'usableRecipientsOf'>
  readonly signers: Signers
  readonly site: { readonly config: { readonly gateway: { readonly name: string } } }
}

export function noteRoutes(rooms: NoteRouteRooms): Router {
  const { gatekeeper, directory } = rooms
  const router = Router()

  router.get('/cases/:id/note-recipients', async (request, response) => {
    const { row } = await admitToCase(gatekeeper, request, 'case.note')
    const facility = await directory.facilityRecipient(row.facility)
    const others = await directory.usableRecipientsOf(row.group_id)
    const recipients = [facility, ...others].map(({ id, fingerprint }) => ({
      ...{ id, fingerprint },
      certificate: directory.principal(id)?.certificate ?? '',
    }))
    response.json({ code: row.code, gateway: rooms.site.config.gateway.name, recipients })
  })

  router.get('/cases/:id/notes', async (request, response) => {
    const { actor, row } = await admitToCase(gatekeeper, request, 'case.note')
    const notes = await readNotes(rooms, actor, row)
    const sound = await rooms.signers.sift('case_notes', notes, ({ author }) => author)
    response.json({ notes: sound.map(viewOf) })
  })

  router.post('/cases/:id/notes', json({ limit: '160kb' }), async (request, response) => {
    const { session, actor, row } = await admitToCase(gatekeeper, request, 'case.note')
    const { id, certificate } = session.principal
    const { message } = parseBody(newNote, request)
    const noted = await addNote(rooms, { id, certificate, message, actor }, row)
    const isRepeated = noted.receipt === undefined
    response.status(isRepeated ? 200 : 201).json({
      note: viewOf(noted.row),
      isRepeated,
      ...(noted.receipt !== undefined && { receipt: noted.receipt }),
    })
  })

  return router
}

const viewOf = (row: NoteTable): NoteView => ({
  ...{ id: row.id, code: row.code, author: row.author },
  notedAt: new Date(row.noted_at).toISOString(),
  ...{ message: row.message, certificate: row.certificate },
})
