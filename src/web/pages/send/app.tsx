import { SignedIn } from '../session/signed-in.js'
import type { Session } from '../session/session.js'
import { CriticalAlarm } from './critical-alarm.js'
import { NewStudy } from './new-study.js'
import { OwnCases } from './own-cases.js'

export const App = () => (
  <SignedIn title="Send to the night reading" role="sender" example="facility-a">
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
