import type { ReportRecipientsAnswer } from '../../../../protocol/http/reports.js'

/** To whom it is sealed, so that a wrong certificate is seen before anything is sent. */
export function SealedTo({ found }: { readonly found: ReportRecipientsAnswer }) {
  return (
    <details>
      <summary>Sealed to {found.recipients.map(({ id }) => id).join(', ')}</summary>
      <ul>
        {found.recipients.map(({ id, fingerprint }) => (
          <li key={id}>
            {id} <code>{(fingerprint.match(/.{1,4}/g) ?? []).join(' ')}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}
