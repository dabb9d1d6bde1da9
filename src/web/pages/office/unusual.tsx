import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { anomaliesAnswer } from '../../../protocol/http/audit.js'
import { saveBlob } from '../session/save-blob.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { DataTable } from '../tables/data-table.js'
import { fileName } from '../tables/save.js'
import { READ_ONCE } from './found-events.js'

const PATH = '/v1/audit/anomalies'

/** What to look at first in a review. Asked for by a button, because asking is recorded. */
export function Unusual({ session }: { readonly session: Session }) {
  const [isShown, setShown] = useState(false)
  const saving = useMutation({
    gcTime: 0,
    mutationFn: async () => {
      const name = fileName('anomalies', 'zip', Date.now())
      saveBlob(name, await session.gateway.blob(`${PATH}/pack`))
      return `Saved as ${name}. The export is recorded in the log.`
    },
  })
  return (
    <>
      {isShown ? (
        <Found session={session} />
      ) : (
        <Button onPress={() => setShown(true)}>Show what is unusual</Button>
      )}{' '}
      <Button isDisabled={saving.isPending} onPress={() => saving.mutate()}>
        {saving.isPending ? 'Preparing…' : 'Save what is unusual as ZIP'}
      </Button>
      <Problem error={saving.error} />
      <p role="status">{saving.data}</p>
    </>
  )
}

function Found({ session }: { readonly session: Session }) {
  const { data, error, isPending } = useQuery({
    queryKey: ['anomalies'],
    queryFn: () => session.gateway.get(anomaliesAnswer, PATH),
    ...READ_ONCE,
  })
  if (isPending) return <p role="status">Asking the gateway…</p>
  if (!data) return <Problem error={error} />
  return (
    <DataTable
      label="Unusual since the last review"
      file="anomalies"
      rows={data.anomalies}
      idOf={({ rule, subject, reason }) => `${rule} ${subject} ${reason}`}
      empty="Nothing unusual since the last review."
      columns={[
        { name: 'Rule', text: ({ rule }) => rule, isFileOnly: true },
        { name: 'Who', text: ({ subject }) => subject },
        { name: 'Why', text: ({ reason }) => reason },
        { name: 'Count', text: ({ count }) => String(count) },
        { name: 'Entries', text: ({ entries }) => entries.join(' ') },
      ]}
    />
  )
}
