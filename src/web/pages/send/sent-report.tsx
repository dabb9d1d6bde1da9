import { CATALOGUE } from '../../../lib/errors.js'
import type { Code } from '../../../lib/errors.js'
import { sentence } from '../session/gateway.js'
import type { Sent, SentItem } from './upload.js'

const SHOWN = 200

/** What became of every file. */
export function SentReport({ sent }: { readonly sent: Sent }) {
  const by = (outcome: string) => sent.items.filter(({ answer }) => answer.outcome === outcome)
  const accepted = by('accepted').length
  const others = sent.items.filter(({ answer }) => answer.outcome !== 'accepted')
  return (
    <section aria-label="What became of it" className="check" role="status">
      <p>
        <strong>
          {accepted > 0 ? `${accepted} accepted` : 'Nothing was accepted'}
          {by('duplicate').length > 0 && `, ${by('duplicate').length} sent twice`}
          {by('quarantined').length > 0 && `, ${by('quarantined').length} held for you`}
          {by('refused').length > 0 && `, ${by('refused').length} refused`}.
        </strong>
        {sent.wasSentBefore && ' The same files were sent before; no second case was made.'}
      </p>
      {others.length > 0 && (
        <ul>
          {others.slice(0, SHOWN).map((one, at) => (
            <Item key={at} {...one} />
          ))}
          {others.length > SHOWN && <li>… and {others.length - SHOWN} more.</li>}
        </ul>
      )}
    </section>
  )
}

function Item({ name, answer }: SentItem) {
  const { outcome, code, hint } = answer
  const why = code !== undefined && code in CATALOGUE ? CATALOGUE[code as Code].title : code
  return (
    <li>
      {name || `item ${answer.index}`}: {outcome === 'quarantined' ? 'held' : outcome}
      {why && `, ${why}`}
      {hint && <span className="quiet"> {sentence(hint.replaceAll('`', ''))}</span>}
    </li>
  )
}
