/**
 * The night settings in nocturne.yaml: targets, escalation, contacts, and notification channels.
 */
import { z } from 'zod'
import type { ClockTarget, EscalationStep } from '../cases/index.js'

export type Audience = EscalationStep['audience']

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `30m`, `8h`, `2d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,4})([smhd])$/.exec(text) ?? []
  return count === '' ? undefined : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
}

/** `stat`, or `stat CT` for one modality. */
export function parseClockKey(
  text: string,
): Pick<ClockTarget, 'priority' | 'modality'> | undefined {
  const [, priority, modality] = /^(stat|urgent|routine)(?: ([A-Z0-9]{1,16}))?$/.exec(text) ?? []
  if (priority === undefined) return undefined
  return {
    priority: priority as ClockTarget['priority'],
    ...(modality !== undefined && { modality }),
  }
}

/** `5m to claim, 30m to preliminary`; undefined for anything else. */
export function parseTargets(
  text: string,
): readonly Pick<ClockTarget, 'kind' | 'withinMs'>[] | undefined {
  const targets: Pick<ClockTarget, 'kind' | 'withinMs'>[] = []
  for (const part of text.split(/, */)) {
    const [, duration = '', kind] =
      /^(\S+) to (claim|preliminary|final|acknowledged)$/.exec(part) ?? []
    const withinMs = parseDuration(duration)
    if (kind === undefined || withinMs === undefined || withinMs < 60_000) return undefined
    targets.push({ kind: kind as ClockTarget['kind'], withinMs })
  }
  return targets
}

const AUDIENCES = ['duty', 'backup', 'group', 'coordinator', 'operators'] as const

/** `0m duty`, `10m backup`, `20m operator-1`; undefined for anything else. */
export function parseStep(text: string): EscalationStep | undefined {
  const [, duration = '', who = ''] = /^(\S+) ([a-z0-9][a-z0-9-]{0,62})$/.exec(text) ?? []
  const afterMs = parseDuration(duration)
  if (afterMs === undefined || who === '') return undefined
  const known = AUDIENCES.find((one) => one === who)
  return { afterMs, audience: known ?? { person: who } }
}

/** `30d`, `7y`; a year counts as 366 days, so that no period is cut short. */
export function parseRetention(text: string): number | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,3})([dy])$/.exec(text) ?? []
  return count === '' ? undefined : Number(count) * (unit === 'y' ? 366 : 1) * UNIT_MS.d
}

const period = z
  .string()
  .transform((text) => parseRetention(text) ?? NaN)
  .pipe(z.number('is not a period'))
  .optional()

/** How long contents are kept that nobody needs any more; what is left out stays. */
export const retentionSchema = z.strictObject({
  closed: period,
  quarantine: period,
  reports: period,
})

export const casesSchema = z.strictObject({
  claimMinutes: z
    .int('is not a whole number')
    .min(5, 'is too small')
    .max(1_440, 'is too large')
    .default(60),
  closeOn: z.enum(['reported', 'acknowledged']).default('acknowledged'),
})
