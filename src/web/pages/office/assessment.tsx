import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import type * as z from 'zod/mini'
import {
  ASSESSMENT_FORMATS,
  assessmentAnswer,
  assessmentsAnswer,
} from '../../../protocol/http/compliance.js'
import { saveBlob } from '../session/save-blob.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { plural } from '../verify/words.js'
import { fileName } from '../tables/save.js'
import { localTime } from '../tables/times.js'
import { READ_ONCE } from './found-events.js'

const PATH = '/v1/assessments'
/** What `format=json` returns: the assessment alone. */
const stored = assessmentAnswer.shape.assessment
type Assessment = z.infer<typeof stored>
type Profile = 'hipaa' | 'proposed-2025'
const PROFILES: readonly (readonly [Profile, string])[] = [
  ['hipaa', 'HIPAA audit protocol'],
  ['proposed-2025', 'the rule proposed in January 2025, not in force'],
]

/** The self-assessment: made now, or one that was made before. */
export function SelfAssessment({ session }: { readonly session: Session }) {
  const [profile, setProfile] = useState<Profile>('hipaa')
  const [shown, setShown] = useState<Assessment>()
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['assessments'],
    queryFn: async () => (await session.gateway.get(assessmentsAnswer, PATH)).assessments,
    ...READ_ONCE,
  })
  const assessing = useMutation({
    mutationFn: () => session.gateway.post(assessmentAnswer, PATH, { profile }),
    onSuccess: ({ assessment }) => {
      setShown(assessment)
      return queries.invalidateQueries({ queryKey: ['assessments'] })
    },
  })
  const opening = useMutation({
    mutationFn: (id: string) => session.gateway.get(stored, `${PATH}/${id}?format=json`),
    onSuccess: setShown,
  })
  return (
    <div className="view">
      <div className="ask">
        <Choice label="Assess against" value={profile} options={PROFILES} onChange={setProfile} />
        <Button
          className="first"
          onPress={() => assessing.mutate()}
          isDisabled={assessing.isPending}
        >
          {assessing.isPending ? 'Assessing…' : 'Assess the site now'}
        </Button>
      </div>
      <Problem error={error ?? assessing.error ?? opening.error} />
      {shown && <Findings assessment={shown} />}
      <h2>Assessments so far</h2>
      {data && <Made {...{ session, all: data }} onShow={(id) => opening.mutate(id)} />}
    </div>
  )
}

interface MadeProps {
  readonly session: Session
  readonly all: readonly z.infer<typeof assessmentsAnswer>['assessments'][number][]
  readonly onShow: (id: string) => void
}

function Made({ session, all, onShow }: MadeProps) {
  return (
    <DataTable
      label="Assessments"
      file="assessments"
      rows={all}
      idOf={({ id }) => id}
      empty="None was made yet."
      columns={[
        { name: `Made (${timeZone()})`, text: ({ madeAt }) => localTime(madeAt) },
        { name: 'By', text: ({ madeBy }) => madeBy },
        { name: 'Against', text: ({ profile: of }) => of },
        {
          name: 'Findings',
          text: ({ id }) => id,
          show: ({ id }) => <Button onPress={() => onShow(id)}>Show</Button>,
        },
        {
          name: 'Files',
          text: () => '',
          show: ({ id }) => <Files {...{ session, id }} />,
        },
      ]}
    />
  )
}

function Findings({ assessment: { at, profile, findings } }: { readonly assessment: Assessment }) {
  const satisfied = findings.filter(({ isSatisfied }) => isSatisfied).length
  return (
    <>
      <h2>
        {localTime(at)}, {profile}: {satisfied} of {plural(findings.length, 'row')} satisfied
      </h2>
      <p className="quiet">
        A self-assessment shows what was found and what people stated. It does not make anyone
        compliant.
      </p>
      <DataTable
        label="Findings"
        file="findings"
        rows={findings.toSorted((a, b) => Number(a.isSatisfied) - Number(b.isSatisfied))}
        idOf={({ row }) => row}
        empty="No row."
        toneOf={({ isSatisfied }) => (isSatisfied ? undefined : 'warn')}
        columns={[
          { name: 'Row', text: ({ row }) => row },
          { name: 'State', text: ({ state }) => state },
          { name: 'What is required', text: ({ keyActivity }) => keyActivity },
          { name: 'Finding', text: ({ reason }) => reason },
          { name: 'Next', text: ({ next }) => next.join('; ') },
          { name: '45 CFR', text: ({ cites }) => cites.join(', ') },
        ]}
      />
    </>
  )
}

function Files({ session, id }: { readonly session: Session; readonly id: string }) {
  const saving = useMutation({
    mutationFn: async (format: string) =>
      saveBlob(
        fileName(`assessment-${format}`, 'zip', Date.now()),
        await session.gateway.blob(`${PATH}/${id}?format=${format}`),
      ),
  })
  return (
    <span className="buttons">
      {ASSESSMENT_FORMATS.filter((one) => one !== 'json').map((format) => (
        <Button key={format} onPress={() => saving.mutate(format)} isDisabled={saving.isPending}>
          {format.toUpperCase()}
        </Button>
      ))}
      <Problem error={saving.error} />
    </span>
  )
}
