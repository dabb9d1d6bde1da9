/**
 * Checks that keys are strong, recently proven, recorded in the ledger, and stored where they
 * belong.
 */
import {
  dayOf,
  daysBetween,
  failed,
  noneOf,
  onConfiguration,
  onLedger,
  onSystem,
  satisfied,
  unknown,
} from '../check.js'
import type { Check } from '../check.js'

const PROVEN_DAYS = 90
const PENDING_DAYS = 7
const SOON_DAYS = 14

export const KEYS: readonly Check[] = [
  onConfiguration({
    id: 'keys-usable',
    title: 'Every certificate can be sealed to, now and in a week',
    run: ({ certificates }, { at }) => {
      const faults = certificates.flatMap(({ principal, problem, usableUntil }) => {
        if (problem !== undefined) return [`${principal}: ${problem}`]
        if (usableUntil === undefined || daysBetween(at, usableUntil) > SOON_DAYS) return []
        return [`${principal}: expires on ${dayOf(usableUntil)}`]
      })
      return noneOf(
        faults,
        {
          ok: `${certificates.length} certificates, none about to expire`,
          bad: 'certificates that fail now or will fail soon',
          next: 'get a new certificate from its holder, save it under the path in nocturne.yaml, compare its fingerprint, then run: nocturne key confirm --site DIR --principal ID --out statement.txt',
        },
        certificates.map(({ principal, fingerprint }) => ({ principal, fingerprint })),
      )
    },
  }),
  onConfiguration({
    id: 'keys-strong',
    title: 'Only strong keys are accepted',
    run: ({ allowRsa2048, certificates }) =>
      allowRsa2048
        ? failed(
            'keys.allowRsa2048 accepts 2048-bit RSA keys',
            'replace the remaining RSA 2048 keys, then remove keys.allowRsa2048',
            { allowRsa2048 },
          )
        : satisfied('certificates below the policy of the gateway are refused', {
            algorithms: [...new Set(certificates.map(({ algorithm }) => algorithm))].sort(),
          }),
  }),
  onConfiguration({
    id: 'recovery-certificate',
    title: 'Every transfer is also sealed to a recovery key',
    run: ({ certificates }) => {
      const recovery = certificates.find(({ principal }) => principal === 'recovery')
      if (!recovery || recovery.problem !== undefined)
        return failed(
          `the recovery certificate is ${recovery?.problem ?? 'missing'}`,
          'make a new recovery key on an offline machine and name its certificate in nocturne.yaml',
          { recovery: recovery?.fingerprint ?? null },
        )
      return satisfied('a recovery key can open studies that their readers no longer can', {
        recovery: recovery.fingerprint,
      })
    },
  }),
  onLedger({
    id: 'keys-recorded',
    title: 'The keys in use are the keys recorded in the ledger',
    run: ({ inEffect, spans }, { configuration }) => {
      if (!configuration)
        return unknown('the configuration could not be read', 'correct nocturne.yaml')
      const differing = configuration.certificates.filter(
        ({ principal, fingerprint }) => inEffect[principal] !== fingerprint,
      )
      const entries = spans['certificate.changed'] ? [spans['certificate.changed'].last.index] : []
      return differing.length === 0
        ? satisfied('each certificate took effect with a recorded event', { inEffect }, entries)
        : failed(
            `not in effect yet: ${differing.map(({ principal }) => principal).join(', ')}`,
            'compare the fingerprints with their holders, then: nocturne key confirm --site DIR --principal ID --out statement.txt',
            differing.map(({ principal, fingerprint }) => ({ principal, fingerprint })),
          )
    },
  }),
  onLedger({
    id: 'key-changes-confirmed',
    title: 'Replaced keys are confirmed by a person within a week',
    run: ({ proposed }, { at }) =>
      noneOf(
        proposed
          .filter((one) => daysBetween(one.at, at) > PENDING_DAYS)
          .map((one) => `${one.principal} since ${dayOf(one.at)}`),
        {
          ok: 'no replacement key has been pending for more than a week',
          bad: 'replacement keys that nobody has confirmed',
          next: 'compare the fingerprint with its holder, then: nocturne key confirm --site DIR --principal ID --out statement.txt',
        },
        proposed.map(({ principal }) => principal),
      ),
  }),
  onLedger({
    id: 'keys-proven',
    title: 'Each reader has recently proved that their key works',
    run: ({ proven }, { configuration, at }) => {
      if (!configuration)
        return unknown('the configuration could not be read', 'correct nocturne.yaml')
      const readers = configuration.people.filter(({ role }) => role === 'reader')
      const stale = readers.filter(({ id }) => {
        const last = proven[id]
        return last === undefined || daysBetween(last.at, at) > PROVEN_DAYS
      })
      if (stale.length > 0)
        return failed(
          `not proven within ${PROVEN_DAYS} days: ${stale.map(({ id }) => id).join(', ')}`,
          'ask each of them to run: nocturne key check --key FILE --gateway URL --token-file FILE',
          stale.map(({ id }) => id),
        )
      const entries = readers.flatMap(({ id }) => proven[id]?.index ?? [])
      return satisfied(
        `${readers.length} readers have proved their key`,
        { readers: readers.length },
        entries,
      )
    },
  }),
  onSystem({
    id: 'private-keys-elsewhere',
    title: "No private key of a reader, a facility or recovery is on the gateway's machine",
    run: ({ strayKeys }) =>
      noneOf(
        strayKeys,
        {
          ok: 'only the keys of the gateway itself are on its machine',
          bad: 'private keys that belong elsewhere',
          next: 'move each to two offline media, read them back, then shred the copy on the gateway',
        },
        strayKeys,
      ),
  }),
  onSystem({
    id: 'secrets-private',
    title: 'Secrets and the database file are readable only by their owner',
    run: ({ looseFiles }) =>
      noneOf(
        looseFiles,
        {
          ok: 'secrets and database have mode 0600, their folders 0700',
          bad: 'accessible to other users of the machine',
          next: 'run chmod 600 on each file listed and chmod 700 on each folder',
        },
        looseFiles,
      ),
  }),
]
