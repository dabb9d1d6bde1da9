/** Checks of people, and of the devices they read on. */
import { daysBetween, dateMs, noneOf, onRegister, unknown } from '../check.js'
import type { Check } from '../check.js'
import type { Facts, RegisterFacts } from '../facts.js'
import {
  ATTESTED,
  inForce,
  isAttested,
  isSet,
  isStale,
  listOf,
  notEnded,
  textOf,
} from '../in-force.js'
import type { RegisterEntry } from '../kinds.js'
import { addStep, alsoFor, amendFirst } from '../steps.js'

const REMINDER_DAYS = 366
const NO_CONFIGURATION = unknown('the configuration could not be read', 'correct nocturne.yaml')

const readersOf = ({ configuration }: Facts): readonly string[] =>
  (configuration?.people ?? []).filter(({ role }) => role === 'reader').map(({ id }) => id)

const inUse = (registers: RegisterFacts, at: number): readonly RegisterEntry[] =>
  notEnded(registers.entries.device, at).filter((one) => textOf(one, 'state') === 'in-use')

export const WORKFORCE: readonly Check[] = [
  onRegister({
    id: 'training-current',
    title: 'Everyone has been trained, and their training is still valid',
    run: ({ entries }, facts) => {
      if (!facts.configuration) return NO_CONFIGURATION
      const trained = new Set(
        inForce(entries.training, facts.at)
          .filter((one) => ['hipaa', 'security'].includes(textOf(one, 'topic')))
          .map(({ subject }) => subject),
      )
      const people = facts.configuration.people.map(({ id }) => id)
      const untrained = people.filter((id) => !trained.has(id))
      const [person = 'ID', ...others] = untrained
      return noneOf(
        untrained,
        {
          ok: `${people.length} people, all trained`,
          bad: 'training missing or overdue',
          next: `train them, then: ${addStep('training', { person })}${alsoFor(others)}`,
        },
        { people: people.length, trained: trained.size },
      )
    },
  }),
  onRegister({
    id: 'reminders-given',
    title: 'Security reminders were sent within a year',
    run: ({ entries }, { at }) => {
      const reminders = entries.training.filter(
        (one) =>
          textOf(one, 'topic') === 'reminder' &&
          daysBetween(dateMs(textOf(one, 'completed')), at) <= REMINDER_DAYS,
      )
      return noneOf(
        reminders.length > 0 ? [] : ['none within a year'],
        {
          ok: `${reminders.length} within a year`,
          bad: 'reminders',
          next: `send one to everyone, then: ${addStep('training', { topic: 'reminder' })}`,
        },
        { reminders: reminders.length },
      )
    },
  }),
  onRegister({
    id: 'privileges-current',
    title: 'Every reader has a privilege in force for each facility whose studies they receive',
    run: ({ entries }, facts) => {
      if (!facts.configuration) return NO_CONFIGURATION
      const { facilities, groups } = facts.configuration
      const held = inForce(entries.privilege, facts.at)
      const missing = facilities.flatMap((facility) =>
        groups
          .filter(({ id }) => facility.groups.includes(id))
          .flatMap(({ readers }) => readers)
          .filter(
            (reader) =>
              !held.some(
                (one) => one.subject === reader && textOf(one, 'facility') === facility.id,
              ),
          )
          .map((reader) => ({ reader, facility: facility.id })),
      )
      const names = [...new Set(missing.map((one) => `${one.reader} at ${one.facility}`))]
      return noneOf(
        names,
        {
          ok: `${held.length} privileges in force`,
          bad: 'no privilege in force',
          next: `check the licence, then: ${addStep('privilege', { ...missing[0] })}${alsoFor(names.slice(1))}`,
        },
        { held: held.length, missing: missing.length },
      )
    },
  }),
  onRegister({
    id: 'devices-registered',
    title: 'Every reader has a registered device',
    run: (registers, facts) => {
      if (!facts.configuration) return NO_CONFIGURATION
      const owners = new Set(inUse(registers, facts.at).map(({ subject }) => subject))
      const without = readersOf(facts).filter((id) => !owners.has(id))
      const [owner = 'ID', ...others] = without
      return noneOf(
        without,
        {
          ok: `${owners.size} holders of devices in use`,
          bad: 'no device registered for',
          next: `examine it, then: ${addStep('device', { owner })}${alsoFor(others)}`,
        },
        { owners: [...owners].sort() },
      )
    },
  }),
  onRegister({
    id: 'devices-attested',
    title: 'Each device in use is encrypted, locks, gets updates, and was attested within a year',
    run: (registers, { at }) => {
      const devices = inUse(registers, at)
      const faults = devices.filter((one) => !isAttested(one, at))
      const names = devices.length === 0 ? ['none registered'] : faults.map(nameOf)
      return noneOf(
        names,
        {
          ok: `${devices.length} devices, each attested`,
          bad: 'devices that are not attested as safe',
          next: `ask its holder to correct this, then: ${correction(faults, at)}`,
        },
        { devices: devices.length, faults: faults.length },
      )
    },
  }),
  onRegister({
    id: 'devices-guarded',
    title: 'Each device in use is protected against malware',
    run: (registers, { at }) => {
      const devices = inUse(registers, at).filter((one) => textOf(one, 'type') !== 'media')
      const open = devices.filter((one) => !isSet(one, 'malwareProtection'))
      const names = devices.length === 0 ? ['none registered'] : open.map(nameOf)
      return noneOf(
        names,
        {
          ok: `${devices.length} devices`,
          bad: 'without protection against malware',
          next: `install protection, then: ${correction(open, at)}`,
        },
        { devices: devices.length },
      )
    },
  }),
  onRegister({
    id: 'devices-wiped',
    title: 'Retired devices have been wiped, and the keys on them are no longer in use',
    run: ({ entries }, { configuration, at }) => {
      if (!configuration) return NO_CONFIGURATION
      const gone = notEnded(entries.device, at).filter((one) => textOf(one, 'state') !== 'in-use')
      const live = new Set(configuration.certificates.map(({ fingerprint }) => fingerprint))
      const faultsOf = (one: RegisterEntry): readonly string[] => [
        ...(textOf(one, 'state') === 'retired' && textOf(one, 'wiped') === ''
          ? [`${nameOf(one)} has not been wiped`]
          : []),
        ...listOf(one, 'keys')
          .filter((key) => live.has(key))
          .map((key) => `${nameOf(one)} held key ${key.slice(0, 16)}, which is in use`),
      ]
      return noneOf(
        gone.flatMap(faultsOf),
        {
          ok: `${gone.length} devices out of use, all wiped`,
          bad: 'devices out of use',
          next: `replace the keys it held and wipe it (NIST SP 800-88), then: ${correction(
            gone.filter((one) => faultsOf(one).length > 0),
            at,
          )}`,
        },
        { gone: gone.length },
      )
    },
  }),
]

/** Everything that the entry lacks, in one step: a second one would name a replaced entry. */
const lacking = (device: RegisterEntry, at: number): Readonly<Record<string, string>> => {
  if (textOf(device, 'state') !== 'in-use') return { wiped: 'DATE' }
  const open = [...ATTESTED, 'malwareProtection'].filter((field) => !isSet(device, field))
  return {
    ...(isStale(device, at) && { attested: 'DATE' }),
    ...Object.fromEntries(open.map((field) => [field, 'yes'])),
  }
}

/** For the first device at fault; a new entry where none is registered. */
const correction = (faults: readonly RegisterEntry[], at: number): string =>
  amendFirst(faults, (one) => lacking(one, at), nameOf) ?? addStep('device')

const nameOf = (device: RegisterEntry): string => `${textOf(device, 'device')} of ${device.subject}`
