import { SignedIn } from '../session/signed-in.js'
import { ViewKeys, Views } from '../tables/views.js'
import type { ViewOf } from '../tables/views.js'
import { Attention } from './attention.js'
import { Doors } from './doors.js'
import { Duty } from './duty.js'
import { People } from './people.js'
import { TokenList } from './tokens.js'

const VIEWS: readonly ViewOf[] = [
  { id: 'attention', name: 'What needs attention', show: Attention },
  { id: 'tokens', name: 'Tokens and sessions', show: TokenList },
  { id: 'people', name: 'Facilities, groups, people', show: People },
  { id: 'duty', name: 'Duty', show: Duty },
  { id: 'doors', name: 'Doors, queues, backups', show: Doors },
]

export const App = () => (
  <SignedIn
    title="Run the gateway"
    role="operator"
    example="operator-1"
    actions={<ViewKeys views={VIEWS} />}
  >
    {(session) => <Views title="Run the gateway" {...{ session }} views={VIEWS} />}
  </SignedIn>
)
