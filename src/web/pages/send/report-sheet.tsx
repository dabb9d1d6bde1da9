import { ReportText } from '../read/writing/earlier-reports.js'
import type { FacilityReport } from './facility.js'
import { dateOf } from './local-studies.js'

/** A report with the patient's identity back, as it is printed. */
export function ReportSheet({ opened }: { readonly opened: FacilityReport }) {
  const { view, document, identity } = opened
  return (
    <div className="sheet">
      {identity ? (
        <p className="identity">
          <strong>{identity.patientName.replace(/\^+/g, ' ').trim()}</strong>, ID{' '}
          {identity.patientId}
          {identity.birthDate && `, born ${dateOf(identity.birthDate)}`}
        </p>
      ) : (
        <p className="problem" role="alert">
          <strong>The patient is not known here.</strong> No crosswalk of this case has the study;
          use <code>nocturne reports fetch</code> with the crosswalks of earlier years.
        </p>
      )}
      <p>
        {document.status} report on {view.code}, signed by {document.author} at {document.signedAt}
      </p>
      <ReportText document={document} />
      {document.attachments.length > 0 && (
        <p className="quiet">
          {document.attachments.length} attachments: fetch them with{' '}
          <code>nocturne reports fetch</code>.
        </p>
      )}
    </div>
  )
}
