import { useCallback, useEffect, useState } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { Reading } from './reading.js'
import { IDLE_MS, endSession } from './session.js'
import type { Session } from './session.js'
import { SignIn } from './sign-in.js'
import { Worklist } from './worklist.js'

export function App() {
  const [session, setSession] = useState<Session>()
  const [open, setOpen] = useState<CaseView>()
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
  if (!session) return <SignIn notice={notice} onSession={setSession} />
  return (
    <div className="frame">
      <header className="bar">
        <strong>Nocturne</strong>
        <span>{session.about.name}</span>
        <span className="who">{session.who.principal}</span>
        <Button onPress={() => lock('Locked. The key and all images were removed from memory.')}>
          Lock
        </Button>
      </header>
      {open ? (
        <Reading session={session} opened={open} onClose={() => setOpen(undefined)} />
      ) : (
        <Worklist session={session} onOpen={setOpen} />
      )}
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
