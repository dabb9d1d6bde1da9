import type { LocalStudy } from './local-files.js'

interface LocalStudiesProps {
  readonly studies: readonly LocalStudy[]
  /** Those that are not sent. */
  readonly without: ReadonlySet<string>
  readonly onChange: (uid: string, isIncluded: boolean) => void
}

export function LocalStudies({ studies, without, onChange }: LocalStudiesProps) {
  if (studies.length === 0) return null
  return (
    <ul className="studies" aria-label="Selected">
      {studies.map((one) => (
        <li key={one.uid}>
          <label>
            <input
              type="checkbox"
              checked={!without.has(one.uid)}
              onChange={({ target }) => onChange(one.uid, target.checked)}
            />
            <span>
              <strong>{titleOf(one)}</strong>
              <span className="quiet">
                {' '}
                {one.files.length} files, {sizeOf(one.bytes)}
                {one.series.length > 0 && `; ${one.series.join(', ')}`}
              </span>
            </span>
          </label>
        </li>
      ))}
    </ul>
  )
}

function titleOf({ about }: LocalStudy): string {
  if (!about) return 'Documents, archives and other files'
  const { patientName, patientId, studyDate, studyDescription } = about
  return [patientName, patientId, dateOf(studyDate), studyDescription]
    .filter((one) => one !== '')
    .join(', ')
}

/** `20261130` as `2026-11-30`; anything else as it is. */
export const dateOf = (date: string): string =>
  /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
