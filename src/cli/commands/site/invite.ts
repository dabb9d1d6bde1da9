import { InvalidArgumentError } from 'commander'
import { PERSON_ROLES } from '../../../protocol/roles.js'
import type { PersonRole } from '../../../protocol/roles.js'
import { collect, wholeNumber } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { formatFingerprint } from '../../format.js'

interface InviteOptions {
  readonly site: string
  readonly role: PersonRole
  readonly group?: readonly string[]
  readonly facility?: string
  readonly email?: string
  readonly days: number
  readonly address?: string
  readonly json?: boolean
}

interface NamedOptions {
  readonly site: string
  readonly words: string
  readonly json?: boolean
}

/** As in `protocol/joining/http.ts`, which is not loaded for `--help`. */
const MOST_DAYS = 14
const DEFAULT_DAYS = 3
const DAY_MS = 86_400_000

export const registerInvite: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'invite',
    'invite a person by a link that works once; list, confirm and end invitations',
  )
  registerNew(group, cli)
  registerList(group, cli)
  registerConfirm(group, cli)
  registerEnd(group, cli)
}

const registerNew: Register = (group, cli) => {
  define(group, {
    usage: 'new <name>',
    summary: 'make the link; the word new may be left out',
    examples: ['nocturne invite new reader-9 --role reader --group nights --site /srv/nocturne'],
    isDefault: true,
  })
    .requiredOption('--site <dir>', "the site's folder")
    .requiredOption('--role <role>', PERSON_ROLES.join(', '), roleOf)
    .option('--group <id>', 'of a reader: the reading group; may be repeated', collect)
    .option('--facility <id>', 'of a sender: the facility')
    .option('--email <address>', 'to which notices are sent')
    .option('--days <n>', 'days until the link expires', wholeNumber(1, MOST_DAYS), DEFAULT_DAYS)
    .option('--address <url>', "the gateway's address in the link, if gateway.origin is not set")
    .action(async (name: string, options: InviteOptions) => {
      const { site, role, facility, email, address } = options
      if (
        (role === 'sender') !== (facility !== undefined) ||
        (role === 'reader') !== !!options.group
      )
        throw usageError(
          'a reader needs --group, a sender --facility, and the others neither',
          'see nocturne invite --help',
        )
      const { PRINCIPAL_ID } = await import('../../../protocol/words.js')
      if (!PRINCIPAL_ID.test(name))
        throw usageError(
          'the name is not a valid ID',
          'use up to 63 lower-case letters, digits and hyphens',
        )
      const output = cli.output(options)
      const { addressOfSite, SITE_ACTOR, withRooms } = await import('../../site/site.js')
      const made = await withRooms(site, async (rooms) => {
        const groups = options.group ?? []
        const invited = {
          ...{ principal: name, role, groups },
          ...(facility !== undefined && { facility }),
          ...(email !== undefined && { email }),
        }
        const { invitation, secret, expiresAt } = await rooms.invitations.invite(
          invited,
          options.days * DAY_MS,
          SITE_ACTOR,
        )
        const origin = address ?? rooms.filed.gateway.origin ?? addressOfSite(rooms.site)
        const link = `${origin.replace(/\/$/, '')}/join#${invitation}.${secret}`
        return { link, expiresAt: new Date(expiresAt).toISOString() }
      })
      output.print(made.link)
      output.print(`valid once, until ${made.expiresAt}; whoever has the link can answer it`)
      output.print(`then call ${name}: nocturne invite confirm ${name} --words "…" --site ${site}`)
      output.json({ principal: name, ...made })
    })
}

const registerList: Register = (group, cli) => {
  define(group, {
    usage: 'list',
    summary: 'show invitations, and who was enrolled',
    examples: ['nocturne invite list --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (options: NamedOptions) => {
      const output = cli.output(options)
      const { withRooms } = await import('../../site/site.js')
      const { pending, enrolled } = await withRooms(options.site, async (rooms) => ({
        pending: await rooms.invitations.list(),
        enrolled: rooms.roll.enrolled(),
      }))
      const rows = [
        ...pending.map(({ expiresAt, ...one }) => ({
          ...one,
          until: new Date(expiresAt).toISOString(),
        })),
        ...enrolled.map(({ principal, role, groups, fingerprint }) => ({
          ...{ principal, role, groups: JSON.parse(groups) as readonly string[], fingerprint },
          ...{ state: 'enrolled', until: '' },
        })),
      ]
      output.table(
        ['NAME', 'ROLE', 'GROUPS', 'STATE', 'EXPIRES'],
        rows.map((one) => [one.principal, one.role, one.groups.join(' '), one.state, one.until]),
      )
      output.json({ invitations: rows })
    })
}

const registerConfirm: Register = (group, cli) => {
  define(group, {
    usage: 'confirm <name>',
    summary: 'put a person into effect, by the words that they read out by phone',
    examples: [
      'nocturne invite confirm reader-9 --words "harbor tiger olive kettle robin atlas fossil lemon" --site /srv/nocturne',
    ],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .requiredOption('--words <words>', 'the eight words; call the person at a number that you know')
    .action(async (name: string, options: NamedOptions) => {
      const output = cli.output(options)
      const { SITE_ACTOR, withRooms } = await import('../../site/site.js')
      const done = await withRooms(options.site, ({ invitations }) =>
        invitations.confirm(name, options.words, SITE_ACTOR),
      )
      output.print(`${name} is in effect at every gateway within 5 seconds`)
      output.print(`fingerprint  ${formatFingerprint(done.fingerprint)}`)
      for (const one of done.waitsFor)
        output.print(`waits for a second person in ${one}: nocturne member confirm`)
      output.json({ principal: name, ...done })
    })
}

const registerEnd: Register = (group, cli) => {
  define(group, {
    usage: 'end <name>',
    summary: 'withdraw an invitation, or remove a person who was enrolled by one',
    examples: ['nocturne invite end reader-9 --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (name: string, options: NamedOptions) => {
      const output = cli.output(options)
      const { SITE_ACTOR, withRooms } = await import('../../site/site.js')
      const ended = await withRooms(options.site, async ({ invitations, tokens }) => {
        const what = await invitations.end(name, SITE_ACTOR)
        if (what === 'removed') await tokens.revokeAll(name, SITE_ACTOR)
        return what
      })
      output.print(ended === 'removed' ? `${name} was removed` : 'the invitation was withdrawn')
      output.json({ principal: name, ended })
    })
}

function roleOf(text: string): PersonRole {
  const role = PERSON_ROLES.find((one) => one === text)
  if (role) return role
  throw new InvalidArgumentError(`give ${PERSON_ROLES.join(', ')}`)
}
