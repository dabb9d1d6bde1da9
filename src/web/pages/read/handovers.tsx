import { bytesOfBase64 } from '../../../lib/bytes.js'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button, Label, TextArea, TextField } from 'react-aria-components'
import {
  groupRecipientsAnswer,
  handoverAnswer,
  handoversAnswer,
} from '../../../protocol/http/handovers.js'
import type { HandoverView } from '../../../protocol/http/handovers.js'
import { Choice } from '../session/choice.js'
import { Problem, textsOf } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { clockTime } from '../session/time-left.js'
import { useKeys } from '../session/use-keys.js'
import { claim } from './opening.js'
import { usePace } from '../session/use-updates.js'

const MAX_NOTE_CHARS = 10_000
/** Older ones are history; the officer has them. */
const SHOWN = 10

interface HandoversProps {
  readonly session: Session
  readonly onClose: () => void
}

/** The end of a shift, and the beginning of the next one. */
export function Handovers({ session, onClose }: HandoversProps) {
  useKeys({ Escape: onClose })
  const { data, error, refetch } = useQuery({
    queryKey: ['handovers'],
    queryFn: async () => (await session.gateway.get(handoversAnswer, '/v1/handovers')).handovers,
    refetchInterval: usePace(10_000),
  })
  return (
    <main className="worklist handovers">
      <div className="buttons">
        <h1>Hand-over</h1>
        <Button onPress={onClose}>
          Worklist <kbd>Esc</kbd>
        </Button>
      </div>
      <Problem error={error} />
      <Give session={session} onGiven={() => void refetch()} />
      <h2>Given in your groups</h2>
      {data?.length === 0 && <p className="quiet">None yet.</p>}
      {data?.slice(0, SHOWN).map((one) => (
        <Handover key={one.id} {...{ session, one }} onChanged={() => void refetch()} />
      ))}
    </main>
  )
}

function Give({ session, onGiven }: { session: Session; onGiven: () => void }) {
  const groups = session.who.groups ?? []
  const [group, setGroup] = useState(groups[0])
  const [text, setText] = useState('')
  const giving = useMutation({
    mutationFn: async () => group && give(session, group, text.trim()),
    onSuccess: () => {
      setText('')
      onGiven()
    },
  })
  return (
    <section className="editor" aria-label="Hand over">
      <p>
        The gateway lists what is open: your claims, unread cases, preliminary reports without a
        final one, and critical results. Your claims stay yours until a colleague accepts.
      </p>
      <Choice
        label="Reading group"
        value={group}
        options={groups.map((one) => [one, one])}
        onChange={setGroup}
      />
      <TextField value={text} onChange={setText} maxLength={MAX_NOTE_CHARS}>
        <Label>Note to the group, sealed to its readers (optional)</Label>
        <TextArea rows={4} />
      </TextField>
      <Problem error={giving.error} />
      <div className="buttons">
        <Button
          className="first"
          onPress={() => giving.mutate()}
          isDisabled={giving.isPending || !group}
        >
          {giving.isPending ? 'Handing over…' : 'Hand over'}
        </Button>
      </div>
    </section>
  )
}

async function give({ gateway, keys }: Session, group: string, text: string) {
  if (text === '') return gateway.post(handoverAnswer, '/v1/handovers', { group })
  const path = `/v1/handovers/recipients?group=${encodeURIComponent(group)}`
  const { recipients } = await gateway.get(groupRecipientsAnswer, path)
  const { message } = await keys.ask({ do: 'seal note', text, recipients })
  return gateway.post(handoverAnswer, '/v1/handovers', { group, note: message })
}

interface HandoverProps {
  readonly session: Session
  readonly one: HandoverView
  readonly onChanged: () => void
}

function Handover({ session, one, onChanged }: HandoverProps) {
  const { giver, givenAt, group, items, note, certificate, acceptedBy } = one
  const reading = useMutation({
    mutationFn: async (message: string) => {
      const sealed = bytesOfBase64(message)
      return (await session.keys.ask({ do: 'open note', sealed, certificate })).text
    },
    gcTime: 0,
  })
  const accepting = useMutation({ mutationFn: () => accept(session, one), onSuccess: onChanged })
  const isMine = giver === session.who.principal
  return (
    <article className="earlier">
      <h3>
        {giver} for {group}, {clockTime(givenAt, Date.now())}
      </h3>
      {items.length === 0 && <p className="quiet">Nothing was open.</p>}
      <ul>
        {items.map(({ kind, id, code, priority }) => (
          <li key={`${kind}${id}`}>
            <span className="code">{code}</span> {kind}
            {priority === 'stat' && <strong> STAT</strong>}
          </li>
        ))}
      </ul>
      {reading.data !== undefined && <p className="note">{reading.data}</p>}
      <Problem error={reading.error ?? accepting.error} />
      {accepting.data && <p role="status">{accepting.data}</p>}
      <div className="buttons">
        {note !== undefined && reading.data === undefined && (
          <Button onPress={() => reading.mutate(note)} isDisabled={reading.isPending}>
            Open the note
          </Button>
        )}
        {!acceptedBy && !isMine && (
          <Button
            className="first"
            onPress={() => accepting.mutate()}
            isDisabled={accepting.isPending}
          >
            {accepting.isPending ? 'Accepting…' : 'Accept'}
          </Button>
        )}
        <span className="quiet">
          {acceptedBy ? `Accepted by ${acceptedBy}.` : isMine ? 'A colleague accepts it.' : ''}
        </span>
      </div>
    </article>
  )
}

/**
 * Accepts, then claims each case that the giver held, with a proof. A case that cannot be claimed
 * waits for the group, and is escalated; the others are claimed all the same.
 *
 * @returns what became of it, as a sentence
 */
async function accept(session: Session, { id }: HandoverView): Promise<string> {
  const path = `/v1/handovers/${id}/accept`
  const { handover } = await session.gateway.post(handoverAnswer, path, {})
  const held = handover.items.filter(({ kind }) => kind === 'claimed')
  const left: string[] = []
  for (const one of held) {
    try {
      await claim(session, one, undefined)
    } catch (error) {
      left.push(`${one.code}: ${textsOf(error).title}`)
    }
  }
  const claimed = `Accepted; you hold ${held.length - left.length} of ${held.length} claimed cases.`
  return left.length === 0 ? claimed : `${claimed} Not claimed: ${left.join(' ')}`
}
