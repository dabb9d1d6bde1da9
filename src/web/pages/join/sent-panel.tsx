import { inFours } from '../session/in-fours.js'
import type { Sent } from './invitation.js'

interface SentPanelProps extends Sent {
  readonly principal: string
  readonly role: string
}

/** Until the operator has confirmed the words, nothing is in effect. */
export function SentPanel({ principal, role, fingerprint, words }: SentPanelProps) {
  return (
    <section aria-labelledby="sent">
      <h2 id="sent">Certificate sent</h2>
      <p>
        Now the operator must confirm it. Wait for their call, or call them at a number that you
        know, and read these words out:
      </p>
      <p className="words">{words}</p>
      <p>
        Fingerprint <span className="fingerprint">{inFours(fingerprint)}</span>
      </p>
      <p>
        Within seconds after that you can sign in as <strong>{principal}</strong>
        {PAGES[role] === undefined ? (
          '.'
        ) : (
          <>
            {' '}
            at <a href={PAGES[role]}>{PAGES[role]}</a>.
          </>
        )}
      </p>
    </section>
  )
}

const PAGES: Readonly<Record<string, string>> = {
  reader: '/read',
  sender: '/send',
  officer: '/office',
  operator: '/run',
}
