import { KeysButton } from '../session/keys-dialog.js'
import type { KeyTexts } from '../session/keys-dialog.js'
import { SignedIn } from '../session/signed-in.js'
import type { Session } from '../session/session.js'
import { CriticalAlarm } from './critical-alarm.js'
import { NewStudy } from './new-study.js'
import { OwnCases } from './own-cases.js'

const KEYS: KeyTexts = [
  ['Tab', 'from field to field and button to button'],
  ['↓ ↑, Enter', 'in the table of cases: next, previous; open it'],
  ['Esc', 'from a case, or from what is held, back to the cases'],
  ['↓ ↑, Home End', 'images that are held: next, previous; first, last'],
  ['w p z, i r 0', 'window, pan, zoom; invert, rotate, reset'],
  ['?', 'this list'],
]

export const App = () => (
  <SignedIn
    title="Send to the night reading"
    role="sender"
    example="facility-a"
    actions={<KeysButton keys={KEYS} />}
  >
    {(session) => <Desk session={session} />}
  </SignedIn>
)

/** A critical result covers everything else until it is read back; an upload goes on below it. */
function Desk({ session }: { readonly session: Session }) {
  return (
    <main className="sending">
      <CriticalAlarm session={session} />
      <NewStudy session={session} />
      <OwnCases session={session} />
    </main>
  )
}
