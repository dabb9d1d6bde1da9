import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { revokedAnswer, tokensAnswer } from '../../../protocol/operation/http.js'
import type { TokensAnswer } from '../../../protocol/operation/http.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { localTime } from '../tables/times.js'

type Token = TokensAnswer['tokens'][number]
type Shown = 'valid' | 'all'

/** Who can act at the gateway now, and ending it. */
export function TokenList({ session: { gateway } }: { readonly session: Session }) {
  const [shown, setShown] = useState<Shown>('valid')
  const { data, error, isPending } = useQuery({
    queryKey: ['tokens'],
    queryFn: async () => (await gateway.get(tokensAnswer, '/v1/tokens')).tokens,
  })
  const at = (instant: string | undefined) => (instant === undefined ? '' : localTime(instant))
  return (
    <div className="view">
      <Choice
        label="Show"
        value={shown}
        options={[
          ['valid', 'valid ones'],
          ['all', 'all, with those that ended within 30 days'],
        ]}
        onChange={setShown}
      />
      <Problem error={error} />
      {isPending && <p role="status">Asking the gateway…</p>}
      {data && (
        <DataTable
          label="Tokens and sessions"
          file="tokens"
          rows={data.filter(({ state }) => shown === 'all' || state === 'valid')}
          idOf={({ id }) => id}
          empty="No token is valid."
          columns={[
            {
              name: 'Who',
              text: ({ principal, isOwn }) => (isOwn ? `${principal} (you)` : principal),
            },
            {
              name: 'Kind',
              text: ({ method }) => (method === 'signature' ? 'session' : 'token for a machine'),
            },
            { name: 'State', text: ({ state }) => state },
            { name: `Given (${timeZone()})`, text: ({ createdAt }) => at(createdAt) },
            { name: 'Expires', text: ({ expiresAt }) => at(expiresAt) },
            { name: 'Last used', text: ({ lastUsedAt }) => at(lastUsedAt) || 'never' },
            { name: 'ID', text: ({ id }) => id, isFileOnly: true },
            {
              name: 'Change',
              text: () => '',
              show: (token) => <Revoke {...{ gateway, token }} />,
            },
          ]}
        />
      )}
    </div>
  )
}

interface RevokeProps {
  readonly gateway: Session['gateway']
  readonly token: Token
}

function Revoke({ gateway, token: { id, principal, state, method, isOwn } }: RevokeProps) {
  const [isAsking, setAsking] = useState(false)
  const queries = useQueryClient()
  const revoking = useMutation({
    mutationFn: () => gateway.post(revokedAnswer, `/v1/tokens/${id}/revoke`, {}),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
  if (state !== 'valid') return null
  if (isOwn) return 'Lock ends it'
  const what = method === 'signature' ? 'session' : 'token'
  return isAsking ? (
    <span className="buttons">
      <Button autoFocus onPress={() => revoking.mutate()} isDisabled={revoking.isPending}>
        Revoke the {what} of {principal}
      </Button>
      <Button onPress={() => setAsking(false)}>Keep it</Button>
      <Problem error={revoking.error} />
    </span>
  ) : (
    <Button aria-label={`Revoke the ${what} of ${principal}…`} onPress={() => setAsking(true)}>
      Revoke…
    </Button>
  )
}
