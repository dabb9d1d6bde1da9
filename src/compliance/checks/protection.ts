/** Checks of the protection of data in transit and at rest. */
import {
  dayOf,
  daysBetween,
  failed,
  noneOf,
  onConfiguration,
  onSystem,
  satisfied,
  unknown,
} from '../check.js'
import type { Check } from '../check.js'

const SOON_DAYS = 14
/**
 * End of support for each major version of Node.js that runs Nocturne (nodejs.org, Release Working
 * Group).
 */
const NODE_SUPPORT: Readonly<Record<string, string>> = {
  '20': '2026-04-30',
  '22': '2027-04-30',
  '24': '2028-04-30',
}

export const PROTECTION: readonly Check[] = [
  onConfiguration({
    id: 'transport-configured',
    title: 'The gateway listens with TLS, or only on this machine',
    run: ({ gateway }) =>
      gateway.hasTls || gateway.isLoopback
        ? satisfied(gateway.hasTls ? 'gateway.tls is set' : 'it listens only on loopback', {
            ...gateway,
          })
        : failed(
            'the gateway is reachable from other machines without TLS',
            'set gateway.tls in nocturne.yaml',
            { ...gateway },
          ),
  }),
  onSystem({
    id: 'transport-current',
    title: 'Connecting shows TLS 1.2 or later, and nothing older',
    validDays: 7,
    run: ({ endpoint }, { configuration, at }) => {
      if (!endpoint)
        return unknown('the gateway did not answer', 'start it: nocturne serve --site DIR')
      const shown = { protocol: endpoint.protocol ?? null, cipher: endpoint.cipher ?? null }
      if (!endpoint.isTls)
        return configuration?.gateway.isLoopback === true
          ? satisfied('plain HTTP that only this machine can reach', shown)
          : failed('the gateway answered without TLS', 'set gateway.tls in nocturne.yaml', shown)
      if (endpoint.takesOldTls)
        return failed(
          'TLS 1.1 was accepted',
          'remove the option or the proxy that allows TLS older than 1.2',
          shown,
        )
      const { certificateUntil: until } = endpoint
      if (until !== undefined && daysBetween(at, until) <= SOON_DAYS)
        return failed(
          `its TLS certificate expires on ${dayOf(until)}`,
          'renew it: the gateway reads the new file without a restart',
          shown,
        )
      return satisfied(
        `${endpoint.protocol ?? 'TLS'} with ${endpoint.cipher ?? 'a current cipher'}`,
        shown,
      )
    },
  }),
  onConfiguration({
    id: 'backends-encrypted',
    title: 'Database and object store are reached over TLS, or are on this machine',
    run: ({ database, store }) =>
      noneOf(
        [
          ...(database.isEncryptedOnTheWire ? [] : ['database']),
          ...(store.isEncryptedOnTheWire ? [] : ['store']),
        ],
        {
          ok: `database (${database.kind}) and store (${store.kind})`,
          bad: 'reached without encryption',
          next: 'give the database sslmode=verify-full and the store an https endpoint',
        },
        { database: { ...database }, store: { ...store } },
      ),
  }),
  onSystem({
    id: 'stored-sealed',
    title: 'A sample of the store contains only ciphertext',
    validDays: 7,
    run: ({ objects }) => {
      if (!objects) return unknown('the store could not be read', 'check that it answers')
      return objects.sealed === objects.sampled
        ? satisfied(`${objects.sampled} objects sampled, all OpenPGP encrypted data`, {
            ...objects,
          })
        : failed(
            `${objects.sampled - objects.sealed} of ${objects.sampled} objects are not encrypted data`,
            'open an incident: something other than the gateway wrote to its store',
            { ...objects },
          )
    },
  }),
  onSystem({
    id: 'stored-intact',
    title: 'A sample of the store has the recorded digests',
    validDays: 7,
    run: ({ objects }) => {
      if (!objects) return unknown('the store could not be read', 'check that it answers')
      return objects.intact === objects.sampled
        ? satisfied(`${objects.sampled} objects sampled, all unchanged`, { ...objects })
        : failed(
            `${objects.sampled - objects.intact} of ${objects.sampled} objects are missing or altered`,
            'restore them from the backup, and open an incident',
            { ...objects },
          )
    },
  }),
  onConfiguration({
    id: 'uploads-bounded',
    title: 'Uploads are limited in size and recognised by content',
    run: ({ archiveDepth, facilities }) => {
      const shown = {
        archiveDepth,
        documents: facilities.map(({ id, documents }) => ({ id, documents })),
      }
      return archiveDepth <= 4
        ? satisfied('archives, sizes and types are limited; nothing received is executed', shown)
        : failed(
            `archives are unpacked to a depth of ${archiveDepth}`,
            'set limits.archiveDepth to 4 or less',
            shown,
          )
    },
  }),
  onConfiguration({
    id: 'identity-removed',
    title: 'Text burned into images does not pass',
    run: ({ facilities }) =>
      noneOf(
        facilities.filter(({ pixels }) => pixels === 'pass').map(({ id }) => id),
        {
          ok: `profiles of ${facilities.length} facilities blank or hold images at risk`,
          bad: 'facilities whose profile lets images pass that may show a name',
          next: 'set pixels: blank or quarantine, or document why their readers need the images unchanged',
        },
        facilities.map(({ id, pixels }) => ({ id, pixels })),
      ),
  }),
  onSystem({
    id: 'software-supported',
    title: 'The platform still receives security updates',
    run: ({ node }, { at }) => {
      const major = /^v?(\d+)/.exec(node)?.[1] ?? ''
      const until = NODE_SUPPORT[major]
      return until !== undefined && dayOf(at) <= until
        ? satisfied(`Node.js ${node}, supported until ${until}`, { node, until })
        : failed(
            until === undefined
              ? `Node.js ${node} is not a version with long-term support`
              : `Node.js ${node} has had no security updates since ${until}`,
            'install a current long-term support version of Node.js',
            { node },
          )
    },
  }),
]
