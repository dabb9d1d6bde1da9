/** Checks that the right people have access, and nobody else. */
import {
  daysBetween,
  failed,
  noneOf,
  onConfiguration,
  onSystem,
  satisfied,
  unknown,
} from '../check.js'
import type { Check } from '../check.js'

/** A token issued for longer than this is considered permanent. */
const MOST_TOKEN_DAYS = 400
const UNUSED_DAYS = 90
/** Longer than any shift. */
const MOST_SESSION_MS = 24 * 3_600_000
const MOST_FAILURES_PER_MINUTE = 60

export const ACCESS: readonly Check[] = [
  onConfiguration({
    id: 'security-official',
    title: 'An officer is named who has no other role',
    run: ({ people, certificates }) => {
      const officers = people.filter(({ role }) => role === 'officer').map(({ id }) => id)
      const keyOf = (id: string) =>
        certificates.find(({ principal }) => principal === id)?.fingerprint
      const operators = new Set(
        people.filter(({ role }) => role === 'operator').map(({ id }) => keyOf(id)),
      )
      const alone = officers.filter((id) => !operators.has(keyOf(id)))
      const next = 'add a person with the role officer and a key of their own to nocturne.yaml'
      if (officers.length === 0) return failed('no person has the role officer', next, { officers })
      return alone.length === 0
        ? failed('every officer shares a key with an operator', next, { officers })
        : satisfied(`officers: ${alone.join(', ')}`, { officers })
    },
  }),
  onConfiguration({
    id: 'access-by-role',
    title: 'Every person has one role, and senders are bound to their facility',
    run: ({ people, groups }) => {
      const unbound = people.filter((p) => p.role === 'sender' && p.facility === undefined)
      const readers = new Set(groups.flatMap((group) => group.readers))
      const idle = people.filter((p) => p.role === 'reader' && !readers.has(p.id))
      return noneOf(
        [...unbound, ...idle].map(({ id }) => id),
        {
          ok: `${people.length} people, each with one role that the gateway enforces`,
          bad: 'people whose access is not tied to a facility or group',
          next: 'give senders a facility and readers a group in nocturne.yaml, or remove them',
        },
        people.map(({ id, role }) => ({ id, role })),
      )
    },
  }),
  onConfiguration({
    id: 'one-key-per-person',
    title: 'No two people share a key',
    run: ({ certificates }) => {
      const holders = new Map<string, string[]>()
      for (const { fingerprint, principal } of certificates)
        holders.set(fingerprint, [...(holders.get(fingerprint) ?? []), principal])
      const shared = [...holders.values()].filter((ids) => ids.length > 1)
      return noneOf(
        shared.map((ids) => ids.join(' = ')),
        {
          ok: `${holders.size} keys, each with one holder`,
          bad: 'keys shared by several people',
          next: 'make a key for each of them (nocturne key new), and add its certificate to nocturne.yaml',
        },
        shared,
      )
    },
  }),
  onConfiguration({
    id: 'sign-in-limited',
    title: 'Repeated sign-in failures cause a lockout',
    run: ({ failuresPerMinute }) =>
      failuresPerMinute <= MOST_FAILURES_PER_MINUTE
        ? satisfied(`locked out after ${failuresPerMinute} failures in a minute`, {
            failuresPerMinute,
          })
        : failed(
            `${failuresPerMinute} failures per minute are allowed`,
            `set limits.failuresPerMinute to ${MOST_FAILURES_PER_MINUTE} or less`,
            { failuresPerMinute },
          ),
  }),
  onSystem({
    id: 'leavers-without-access',
    title: 'Nobody who has left still has access',
    run: ({ tokens }, { configuration, at }) => {
      if (!configuration)
        return unknown('the configuration could not be read', 'correct nocturne.yaml')
      const { people, facilities } = configuration
      const known = new Set(['recovery', ...[...people, ...facilities].map(({ id }) => id)])
      const live = tokens.filter(({ expiresAt }) => expiresAt > at)
      const left = live.filter(({ principal }) => !known.has(principal))
      return noneOf(
        left.map(({ id, principal }) => `${principal} (token ${id})`),
        {
          ok: `${live.length} valid tokens, all belonging to people and facilities in nocturne.yaml`,
          bad: 'tokens of people who are no longer in nocturne.yaml',
          next: 'revoke each: nocturne token revoke ID --site DIR',
        },
        { live: live.length, left: left.map(({ id, principal }) => ({ id, principal })) },
      )
    },
  }),
  onSystem({
    id: 'tokens-end',
    title: 'There are no passwords; tokens expire, and unused ones are revoked',
    run: ({ tokens }, { at }) => {
      const issued = tokens.filter((one) => one.expiresAt > at && one.method === 'issued')
      const endless = issued.filter(
        (one) => daysBetween(one.createdAt, one.expiresAt) > MOST_TOKEN_DAYS,
      )
      const unused = issued.filter(
        (one) => daysBetween(one.lastUsedAt ?? one.createdAt, at) > UNUSED_DAYS,
      )
      return noneOf(
        [
          ...endless.map(({ id }) => `${id} is valid for more than ${MOST_TOKEN_DAYS} days`),
          ...unused.map(({ id }) => `${id} not used for ${UNUSED_DAYS} days`),
        ],
        {
          ok: `${issued.length} issued tokens, each recently used and with an expiry date`,
          bad: 'tokens that should be revoked',
          next: 'revoke each (nocturne token revoke), and issue a token with a shorter validity where needed',
        },
        { issued: issued.length, endless: endless.length, unused: unused.length },
      )
    },
  }),
  onSystem({
    id: 'sessions-end',
    title: "People's sessions end automatically",
    run: ({ tokens }, { at }) => {
      const sessions = tokens.filter((one) => one.method === 'signature' && one.expiresAt > at)
      const long = sessions.filter((one) => one.expiresAt - one.createdAt > MOST_SESSION_MS)
      return noneOf(
        long.map(({ id, principal }) => `${id} of ${principal}`),
        {
          ok: 'sign-in by signature ends with the shift; pages lock when idle',
          bad: 'sessions longer than a day',
          next: 'revoke each: nocturne token revoke ID --site DIR',
        },
        { sessions: sessions.length, long: long.length },
      )
    },
  }),
  onSystem({
    id: 'refuses-anonymous',
    title: 'The gateway refuses a request without a token',
    validDays: 7,
    run: ({ endpoint }) => {
      if (!endpoint)
        return unknown('the gateway did not answer', 'start it: nocturne serve --site DIR')
      return endpoint.refusesAnonymous
        ? satisfied('a request without a token was answered 401', { refused: true })
        : failed(
            'a request without a token was not refused',
            'stop the gateway, and check which proxy or service answers in front of it',
            { refused: false },
          )
    },
  }),
]
