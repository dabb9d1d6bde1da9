import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { JoinAnswer } from '../../../protocol/joining/http.js'
import { KeyWorker } from '../keys/key-worker-handle.js'
import { Problem } from '../session/problem.js'
import { clockTime } from '../session/time-left.js'
import { useNow } from '../session/use-now.js'
import { lookAt, sendCertificate, sentOf, takeLink } from './invitation.js'
import type { Link, Sent } from './invitation.js'
import { KeyForm } from './key-form.js'
import { SentPanel } from './sent-panel.js'

export function App() {
  const [link, setLink] = useState(takeLink)
  // A link that is pasted while the page is open changes the fragment alone.
  useEffect(() => {
    const again = () => setLink((before) => takeLink() ?? before)
    addEventListener('hashchange', again)
    return () => removeEventListener('hashchange', again)
  }, [])
  return (
    <main className="sign-in">
      <h1>Join this gateway</h1>
      {link ? <Invitation key={link.secret} link={link} /> : <NoLink />}
    </main>
  )
}

const NoLink = () => (
  <p role="status">
    This page is opened with the link of an invitation. The link is removed from the address as soon
    as it has been read, so after a reload open it again from where you received it.
  </p>
)

function Invitation({ link }: { readonly link: Link }) {
  const now = useNow()
  const [answered, setAnswered] = useState<Sent>()
  const found = useQuery({
    queryKey: ['invitation', link.invitation, link.secret],
    queryFn: async () => {
      const invitation = await lookAt(link)
      const { fingerprint } = invitation
      if (fingerprint !== undefined) setAnswered(await sentOf(link, fingerprint))
      return invitation
    },
    retry: false,
    refetchOnWindowFocus: false,
  })
  const { data, error } = found
  if (!data) return error ? <Problem error={error} /> : <p role="status">Reading the invitation…</p>
  if (answered) return <SentPanel {...{ ...data, ...answered }} />
  return (
    <>
      <p>
        <strong>{data.gateway}</strong> invites you as <strong>{data.principal}</strong>, with the
        role {data.role}
        {data.groups.length > 0 && ` for ${data.groups.join(', ')}`}
        {data.facility !== undefined && ` for ${data.facility}`}. The invitation is valid until{' '}
        {clockTime(data.expiresAt, now)}.
      </p>
      <Answering {...{ link, data }} onSent={setAnswered} />
    </>
  )
}

interface AnsweringProps {
  readonly link: Link
  readonly data: JoinAnswer
  readonly onSent: (sent: Sent) => void
}

/** The key exists only while this is shown: the worker ends with it. */
function Answering({ link, data, onSent }: AnsweringProps) {
  const [keys, setKeys] = useState<KeyWorker>()
  useEffect(() => {
    const worker = new KeyWorker()
    setKeys(worker)
    return () => worker.lock()
  }, [])
  const sending = useMutation({
    mutationFn: async () => {
      if (keys) onSent(await sendCertificate(link, data, keys))
    },
  })
  if (!keys) return null
  return (
    <>
      <KeyForm
        {...{ keys, name: data.principal, isSending: sending.isPending }}
        onReady={() => sending.mutate()}
      />
      <Problem error={sending.error} />
    </>
  )
}
