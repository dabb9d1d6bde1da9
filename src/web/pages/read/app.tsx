import { useState } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { SignedIn } from '../session/signed-in.js'
import type { Session } from '../session/session.js'
import { useKeys } from '../session/use-keys.js'
import { Handovers } from './handovers.js'
import { KeyList } from './key-list.js'
import { PushButton } from './push-button.js'
import { Reading } from './reading.js'
import { Worklist } from './worklist.js'

export function App() {
  const [hasKeys, setHasKeys] = useState(false)
  return (
    <SignedIn
      title="Nocturne worklist"
      role="reader"
      example="reader-1"
      actions={
        <Button onPress={() => setHasKeys(true)}>
          Keys <kbd>?</kbd>
        </Button>
      }
    >
      {(session) => (
        <>
          <PushButton session={session} />
          <KeyList isOpen={hasKeys} onClose={() => setHasKeys(false)} />
          <Desk session={session} onKeys={() => setHasKeys(true)} />
        </>
      )}
    </SignedIn>
  )
}

function Desk({ session, onKeys }: { readonly session: Session; readonly onKeys: () => void }) {
  const [open, setOpen] = useState<CaseView | 'handovers'>()
  useKeys({ '?': onKeys })
  const close = () => setOpen(undefined)
  if (open === 'handovers') return <Handovers session={session} onClose={close} />
  if (open) return <Reading session={session} opened={open} onClose={close} />
  return <Worklist session={session} onOpen={setOpen} onHandover={() => setOpen('handovers')} />
}
