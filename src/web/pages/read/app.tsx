import { useCallback, useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { useKeys } from '../session/use-keys.js'
import { Handovers } from './handovers.js'
import { KeyList } from './key-list.js'
import { Reading } from './reading.js'
import { IDLE_MS, endSession } from '../session/session.js'
import type { Session } from '../session/session.js'
import { SignIn } from '../session/sign-in.js'
import { Worklist } from './worklist.js'

export function App() {
  const [session, setSession] = useState<Session>()
  const [open, setOpen] = useState<CaseView | 'handovers'>()
  const [hasKeys, setHasKeys] = useState(false)
  const [notice, setNotice] = useState('')
  const lock = useCallback(
    (why: string) => {
      if (session) endSession(session)
      setSession(undefined)
      setOpen(undefined)
      setNotice(why)
    },
    [session],
  )
  useIdle(session !== undefined, () =>
    lock('Locked after 15 minutes without use. Sign in to continue; your claims are kept.'),
  )
  useEffect(() => {
    const leave = () => session && endSession(session)
    addEventListener('pagehide', leave)
    return () => removeEventListener('pagehide', leave)
  }, [session])
  useKeys(session ? { '?': () => setHasKeys(true) } : {})
  if (!session)
    return (
      <SignIn title="Nocturne worklist" example="reader-1" notice={notice} onSession={setSession} />
    )
  const close = () => setOpen(undefined)
  return (
    <div className="frame">
      <header className="bar">
        <strong>Nocturne</strong>
        <span>{session.about.name}</span>
        <span className="who">{session.who.principal}</span>
        <Button onPress={() => setHasKeys(true)}>
          Keys <kbd>?</kbd>
        </Button>
        <Button onPress={() => lock('Locked. The key and all images were removed from memory.')}>
          Lock
        </Button>
      </header>
      {open === undefined && (
        <Worklist session={session} onOpen={setOpen} onHandover={() => setOpen('handovers')} />
      )}
      {open === 'handovers' && <Handovers session={session} onClose={close} />}
      <KeyList isOpen={hasKeys} onClose={() => setHasKeys(false)} />
      {typeof open === 'object' && <Reading session={session} opened={open} onClose={close} />}
    </div>
  )
}

function useIdle(isActive: boolean, onIdle: () => void): void {
  useEffect(() => {
    if (!isActive) return
    let timer = setTimeout(onIdle, IDLE_MS)
    const again = () => {
      clearTimeout(timer)
      timer = setTimeout(onIdle, IDLE_MS)
    }
    for (const type of ['keydown', 'pointermove', 'wheel']) addEventListener(type, again)
    return () => {
      clearTimeout(timer)
      for (const type of ['keydown', 'pointermove', 'wheel']) removeEventListener(type, again)
    }
  }, [isActive, onIdle])
}
