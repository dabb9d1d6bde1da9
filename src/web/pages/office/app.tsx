import { SignedIn } from '../session/signed-in.js'
import { ViewKeys, Views } from '../tables/views.js'
import type { ViewOf } from '../tables/views.js'
import { SelfAssessment } from './assessment.js'
import { Exports } from './exports.js'
import { Holds } from './holds.js'
import { Night } from './night.js'
import { Questions } from './questions.js'
import { Registers } from './registers.js'
import { Review } from './review.js'
import { Timeline } from './timeline.js'
import { VerifyLog } from './verify-log.js'

const VIEWS: readonly ViewOf[] = [
  { id: 'questions', name: 'Questions', show: Questions },
  { id: 'timelines', name: 'Timelines', show: Timeline },
  { id: 'verify', name: 'Verify the log', show: VerifyLog },
  { id: 'exports', name: 'Reports and exports', show: Exports },
  { id: 'review', name: 'Reviews', show: Review },
  { id: 'holds', name: 'Holds and retention', show: Holds },
  { id: 'nights', name: 'Nights', show: Night },
  { id: 'assessment', name: 'Self-assessment', show: SelfAssessment },
  { id: 'registers', name: 'Registers', show: Registers },
]

export const App = () => (
  <SignedIn
    title="Audit and compliance"
    role="officer"
    example="officer-1"
    actions={<ViewKeys views={VIEWS} />}
  >
    {(session) => <Views title="Audit and compliance" {...{ session }} views={VIEWS} />}
  </SignedIn>
)
