import { isAbsolute, relative, sep } from 'node:path'
import { checkDoorReferences } from '../doors.js'
import type { SiteDraft } from './draft.js'
import { shorten } from './expectations.js'
import { isLoopback } from '../listen.js'
import { nearest } from './suggest.js'
import type { Finding } from './finding.js'

/**
 * Errors that involve more than one field: IDs that are unknown, duplicate or of the wrong kind,
 * and contradictory settings.
 */
export function checkReferences(site: SiteDraft): Finding[] {
  return [
    ...duplicateIds(site),
    ...site.facilities.flatMap((facility, index) =>
      unknownOrTwice(
        facility.groups,
        ['facilities', index, 'groups'],
        site.groups.map(({ id }) => id),
        'group',
      ),
    ),
    ...site.groups.flatMap(({ readers }, index) => [
      ...unknownOrTwice(
        readers,
        ['groups', index, 'readers'],
        site.people.map(({ id }) => id),
        'reader',
      ),
      ...wrongRoles(site, readers, index),
    ]),
    ...senders(site),
    ...ownSenders(site),
    ...clientCertificates(site),
    ...criticalContacts(site),
    ...calledAtNight(site),
    ...plainHttp(site),
    ...checkDoorReferences(site),
    ...limits(site),
  ]
}

/** No client shows its certificate without being asked: the facility could send nothing. */
const clientCertificates = ({ facilities, gateway }: SiteDraft): Finding[] =>
  gateway.tls?.clientCertificates === true || (gateway.hasTls && !gateway.tls)
    ? []
    : facilities.flatMap(({ clientCertificates: named }, index) =>
        named === undefined
          ? []
          : [
              {
                at: ['facilities', index, 'clientCertificates'],
                problem: 'needs clients to be asked for their certificate',
                hint: 'write gateway.tls with cert, key and clientCertificates: true; a proxy must pass TLS through',
              },
            ],
      )

function duplicateIds(site: SiteDraft): Finding[] {
  const principals = [
    ...site.facilities.map(({ id }, index) => ({ id, at: ['facilities', index, 'id'] })),
    ...site.people.map(({ id }, index) => ({ id, at: ['people', index, 'id'] })),
  ]
  const groups = site.groups.map(({ id }, index) => ({ id, at: ['groups', index, 'id'] }))
  return [principals, groups].flatMap((all) =>
    all.flatMap(({ id, at }, index) => {
      if (id === undefined || all.findIndex((one) => one.id === id) === index) return []
      const problem = `${id} is already the ID of another entry`
      return [
        { at, problem, hint: 'choose another ID: IDs must be unique across facilities and people' },
      ]
    }),
  )
}

function unknownOrTwice(
  named: readonly (string | undefined)[] | undefined,
  at: readonly PropertyKey[],
  known: readonly (string | undefined)[],
  what: 'group' | 'reader',
): Finding[] {
  const ids = known.filter((id) => id !== undefined)
  return (named ?? []).flatMap((id, index) => {
    if (id === undefined) return []
    const place = [...at, index]
    if (named?.indexOf(id) !== index)
      return [{ at: place, problem: `${shorten(id)} is named twice`, hint: 'name it only once' }]
    if (ids.includes(id)) return []
    const meant = nearest(id, ids)
    const where =
      what === 'group' ? `add a group ${shorten(id)}` : `add ${shorten(id)} to people as a reader`
    return [
      {
        at: place,
        problem: `names an unknown ${what}, ${shorten(id)}`,
        hint:
          meant === undefined
            ? `${where}, or remove it here`
            : `did you mean ${meant}? otherwise ${where}`,
      },
    ]
  })
}

function wrongRoles(
  site: SiteDraft,
  readers: readonly (string | undefined)[] | undefined,
  group: number,
): Finding[] {
  return (readers ?? []).flatMap((id, index) => {
    const person = id === undefined ? undefined : site.people.find((one) => one.id === id)
    if (person?.role === undefined || person.role === 'reader') return []
    return [
      {
        at: ['groups', group, 'readers', index],
        problem: `${person.id ?? ''} has the role ${person.role}, but only readers can belong to a group`,
        hint: 'name a person with the role reader; for a person with two roles, add a second entry with another ID and key',
      },
    ]
  })
}

function senders(site: SiteDraft): Finding[] {
  const facilities = site.facilities.map(({ id }) => id).filter((id) => id !== undefined)
  return site.people.flatMap(({ role, facility }, index): Finding[] => {
    const at = ['people', index, 'facility']
    if (role === 'sender' && facility === undefined)
      return [
        {
          at,
          problem: 'is missing, but a sender must send for exactly one facility',
          hint: 'write facility: ID with the ID of that facility',
        },
      ]
    if (role !== undefined && role !== 'sender' && facility !== undefined)
      return [{ at, problem: `does not apply to the role ${role}`, hint: 'remove it' }]
    if (facility === undefined || facilities.includes(facility)) return []
    const meant = nearest(facility, facilities)
    const hint =
      meant === undefined ? 'write the ID of one of the facilities' : `did you mean ${meant}?`
    return [{ at, problem: `names an unknown facility, ${shorten(facility)}`, hint }]
  })
}

/** Only a facility's own senders may release for it, and seal for it. */
const ownSenders = (site: SiteDraft): Finding[] =>
  site.facilities.flatMap(({ id, ...facility }, index) =>
    (['releasedBy', 'edges'] as const).flatMap((list) =>
      (facility[list] ?? []).flatMap((name, place): Finding[] => {
        const person = site.people.find((one) => one.id !== undefined && one.id === name)
        if (name === undefined || (person?.role === 'sender' && person.facility === id)) return []
        return [
          {
            at: ['facilities', index, list, place],
            problem: `names ${shorten(name)}, who is not a sender of this facility`,
            hint: `add ${shorten(name)} to people with the role sender and this facility, or remove it here`,
          },
        ]
      }),
    ),
  )

/** Contacts are the facility itself or its senders; the fail-safe may be anybody of the site. */
function criticalContacts(site: SiteDraft): Finding[] {
  return site.facilities.flatMap(({ id, critical }, index) => {
    const at = ['facilities', index, 'critical']
    const strangers = (critical?.contacts ?? []).flatMap((name, place): Finding[] => {
      const person = site.people.find((one) => one.id !== undefined && one.id === name)
      const isOwn = person?.role === 'sender' && person.facility === id
      if (name === undefined || name === id || isOwn) return []
      return [
        {
          at: [...at, 'contacts', place],
          problem: `names ${shorten(name)}, who is not a sender of this facility`,
          hint: `add ${shorten(name)} to people with the role sender and this facility, or remove it here`,
        },
      ]
    })
    const failSafe = critical?.failSafe
    if (failSafe === undefined || site.people.some((one) => one.id === failSafe)) return strangers
    const problem = `names an unknown person, ${shorten(failSafe)}`
    const hint = 'write the ID of one of the people, or omit it'
    return [...strangers, { at: [...at, 'failSafe'], problem, hint }]
  })
}

/** Coordinators, and people that an escalation names: a wrong name would be told nothing. */
const calledAtNight = ({ groups, people }: SiteDraft): Finding[] =>
  groups.flatMap(({ coordinators, escalate }, index) => {
    const at = ['groups', index]
    const named = [
      ...(coordinators ?? []).map((name, place) => ({ name, at: [...at, 'coordinators', place] })),
      ...(escalate ?? []).map(({ audience }, place) => ({
        name: typeof audience === 'object' ? audience.person : undefined,
        at: [...at, 'escalate', place],
      })),
    ]
    return named.flatMap(({ name, at: place }): Finding[] => {
      if (name === undefined || people.some(({ id }) => id === name)) return []
      const meant = nearest(
        name,
        people.flatMap(({ id }) => id ?? []),
      )
      const problem = `names an unknown person, ${shorten(name)}`
      const hint =
        meant === undefined ? 'write the ID of one of the people' : `did you mean ${meant}?`
      return [{ at: place, problem, hint }]
    })
  })

function plainHttp({ gateway }: SiteDraft): Finding[] {
  if (gateway.listen === undefined || gateway.hasTls || isLoopback(gateway.listen.host)) return []
  return [
    {
      at: ['gateway', 'listen'],
      problem: 'is reachable from other machines over plain HTTP, which would expose tokens',
      hint: 'add gateway.tls with cert and key, or listen on 127.0.0.1 behind a proxy on this machine',
    },
  ]
}

/** A limit on a part that exceeds the limit on the whole is a mistake. */
function limits({ limits }: SiteDraft): Finding[] {
  if (limits === undefined) return []
  const pairs = [
    ['itemBytes', 'transferBytes'],
    ['headerBytes', 'itemBytes'],
    ['requestItems', 'transferItems'],
  ] as const
  return pairs.flatMap(([part, whole]) =>
    limits[part] <= limits[whole]
      ? []
      : [
          {
            at: ['limits', part],
            problem: `is larger than limits.${whole}, so it could never be reached`,
            hint: `lower ${part}, or raise ${whole}`,
          },
        ],
  )
}

/** True when `path` is `folder` or lies inside it. Both absolute. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
