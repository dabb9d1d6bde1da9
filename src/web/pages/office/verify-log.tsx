import { useMutation, useQuery } from '@tanstack/react-query'
import { BlobReader } from '@zip.js/zip.js/index-native.js'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { openZip } from '../../../lib/zip.js'
import { parseVerifierKey, verifyPackage } from '../../../ledger/browser.js'
import type { PackageReport } from '../../../ledger/browser.js'
import { readyAnswer } from '../../../protocol/http/health.js'
import { saveBlob } from '../session/save-blob.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { duration } from '../session/time-left.js'
import { plural } from '../verify/words.js'
import { fileName } from '../tables/save.js'
import { localTime } from '../tables/times.js'
import { webCrypto } from '../verify/web-crypto.js'
import { Field } from './field.js'
import { READ_ONCE } from './found-events.js'

/** How often the page says how far it is. */
const EVENTS_A_TURN = 2_000

interface Verified {
  readonly report: PackageReport
  readonly zip: Blob
}

/** The whole log, fetched and checked here: the gateway's word is not enough. */
export function VerifyLog({ session }: { readonly session: Session }) {
  const [checked, setChecked] = useState('')
  const verifying = useMutation({
    gcTime: 0,
    mutationFn: async (): Promise<Verified> => {
      setChecked('Fetching the log…')
      const zip = await session.gateway.blob('/v1/audit/export?format=ndjson')
      const report = await verify(zip, (done, of) =>
        setChecked(`${done.toLocaleString('en')} of ${plural(of, 'event')} checked…`),
      )
      return { report, zip }
    },
  })
  return (
    <div className="view">
      <p>
        This browser fetches the whole log and recomputes it: every event, the order, and the
        signature. The fetch is itself recorded as an export.
      </p>
      <Button className="first" onPress={() => verifying.mutate()} isDisabled={verifying.isPending}>
        {verifying.isPending ? 'Verifying…' : 'Verify the whole log'}
      </Button>
      {verifying.isPending && <p role="status">{checked}</p>}
      <Problem error={verifying.error} />
      {verifying.data && <Verdict {...verifying.data} />}
      <h2>Is it the right log?</h2>
      <CompareKey own={session.about.ledgerKey} />
      <h2>Witnesses</h2>
      <WitnessState session={session} />
    </div>
  )
}

async function verify(
  zip: Blob,
  onProgress: (done: number, of: number) => void,
): Promise<PackageReport> {
  const files = await openZip(new BlobReader(zip))
  if (!files) return { ok: false, size: 0, root: '', problem: 'the ZIP is corrupt or ambiguous' }
  let done = 0
  return verifyPackage(files, {
    crypto: webCrypto,
    onEvent: (_index, _entry, of) => {
      done += 1
      if (done % EVENTS_A_TURN !== 0) return undefined
      onProgress(done, of)
      return new Promise((resolve) => setTimeout(resolve))
    },
  })
}

function Verdict({ report, zip }: Verified) {
  const { ok, size, checked = 0, problem = '', badIndex, root, pruned = [] } = report
  const gone = pruned.reduce((sum, [from, until]) => sum + until - from, 0)
  return (
    <div className="verdict" data-ok={ok} role="status">
      <h2>{ok ? 'Verified' : 'Verification failed'}</h2>
      {ok ? (
        <p>
          All {plural(checked, 'event')} are exactly as logged, in order, and none is missing.
          {gone > 0 && ` ${plural(gone, 'entry', 'entries')} were pruned under the retention.`}
        </p>
      ) : (
        <p>
          {badIndex === undefined ? '' : `Entry ${badIndex} is the first invalid one: `}
          {problem}. Save the log as it is now, and tell a second officer and the operator.
        </p>
      )}
      <p className="quiet">
        {plural(size, 'entry', 'entries')} when it was fetched, root <code>{root}</code>
      </p>
      <p>{witnessText(report)}</p>
      <Button onPress={() => saveBlob(fileName('ledger', 'zip', Date.now()), zip)}>
        Save the verified export
      </Button>
    </div>
  )
}

function witnessText({ witnesses = {}, isWitnessed }: PackageReport): string {
  const names = Object.entries(witnesses).map(
    ([name, seconds]) => `${name} (${localTime(seconds * 1_000)})`,
  )
  if (names.length === 0)
    return "No witness cosigned this state: only the log's own key vouches that there is no second version of it."
  const fewer = isWitnessed === true ? '' : ', fewer than the policy of the gateway requires'
  return `Cosigned by ${names.join(', ')}${fewer}.`
}

/** Whether the key of the log is the one that the officer has from elsewhere. */
function CompareKey({ own }: { readonly own: string }) {
  const [given, setGiven] = useState('')
  const { data: isKey } = useQuery({
    queryKey: ['is a key', given],
    queryFn: async () => (await parseVerifierKey(given.trim(), webCrypto)) !== undefined,
    gcTime: 0,
  })
  const says =
    given.trim() === ''
      ? 'Not compared yet.'
      : given.trim() === own
        ? 'The same key: this is the log that you know.'
        : isKey === true
          ? 'A different key: this is not the log that you know.'
          : 'This is not a log key, or not a complete one.'
  return (
    <>
      <p>
        The log is signed with <code>{own}</code>. Compare it with the key that you received when
        the gateway was set up, or from a witness.
      </p>
      <Field label="The key that you received" value={given} onChange={setGiven} />
      <p role="status">{says}</p>
    </>
  )
}

function WitnessState({ session: { gateway } }: { readonly session: Session }) {
  const { data, error, isPending } = useQuery({
    queryKey: ['ready'],
    queryFn: () => gateway.get(readyAnswer, '/readyz'),
    ...READ_ONCE,
  })
  if (isPending) return <p role="status">Asking the gateway…</p>
  if (error) return <Problem error={error} />
  const { witnessed } = data
  if (witnessed === undefined)
    return <p>No witnesses are configured: nobody else has seen this log.</p>
  if (witnessed === null) return <p className="bad">No witness has cosigned this log yet.</p>
  return (
    <p>
      A majority of the witnesses cosigned {plural(witnessed.size, 'entry', 'entries')}{' '}
      {duration(witnessed.ageSeconds * 1_000)} ago.
    </p>
  )
}
