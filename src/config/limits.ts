import type { Limits } from './site-config.js'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB
const TiB = 1024 * GiB

export interface LimitRule {
  readonly unit: 'bytes' | 'count' | 'seconds'
  readonly standard: number
  readonly min: number
  readonly max: number
  /** The reason for the default value; printed in the room's README. */
  readonly reason: string
}

/** Every limit: its default and the range that a site may choose from. */
export const LIMIT_RULES: Readonly<Record<keyof Limits, LimitRule>> = {
  itemBytes: {
    unit: 'bytes',
    standard: 8 * GiB,
    min: KiB,
    max: TiB,
    reason:
      'multi-frame and whole-slide objects reach a few GiB; native Pixel Data ends at 4 GiB (32-bit length)',
  },
  headerBytes: {
    unit: 'bytes',
    standard: 32 * MiB,
    min: 64 * KiB,
    max: 512 * MiB,
    reason:
      'held in memory while an instance is processed; enough for 10,000 frames with 3 KB of functional groups each, and for all but the largest RT structure sets (50 MB)',
  },
  requestItems: {
    unit: 'count',
    standard: 2_000,
    min: 1,
    max: 100_000,
    reason: 'a thin-slice CT series in one request; clients split larger studies',
  },
  transferItems: {
    unit: 'count',
    standard: 20_000,
    min: 1,
    max: 1_000_000,
    reason:
      'the largest perfusion and cardiac studies; at 500 bytes per item, the manifest stays near 10 MB',
  },
  transferBytes: {
    unit: 'bytes',
    standard: 64 * GiB,
    min: KiB,
    max: 16 * TiB,
    reason: 'one study with its priors; more is an import, not a night read',
  },
  archiveEntries: {
    unit: 'count',
    standard: 20_000,
    min: 1,
    max: 1_000_000,
    reason: 'as many as a transfer may contain',
  },
  archiveRatio: {
    unit: 'count',
    standard: 200,
    min: 2,
    max: 1_032,
    reason:
      'mostly black images compress well beyond 100 to 1; the maximum of Deflate is 1,032 to 1',
  },
  archiveDepth: {
    unit: 'count',
    standard: 2,
    min: 1,
    max: 4,
    reason: 'a portal may zip the ZIP from a workstation; nobody nests deeper on purpose',
  },
  idleSeconds: {
    unit: 'seconds',
    standard: 30,
    min: 1,
    max: 600,
    reason:
      'longer than a Wi-Fi handover or a VPN reconnect, but shorter than a stuck client may block a slot',
  },
  slowestBytes: {
    unit: 'bytes',
    standard: 4 * KiB,
    min: 64,
    max: MiB,
    reason:
      'per second; a tenth of a slow mobile line. Counted after the first minute, and only while the gateway waits for the client',
  },
  dailyBytes: {
    unit: 'bytes',
    standard: TiB,
    min: MiB,
    max: 512 * TiB,
    reason:
      'per facility, within 24 hours: several times what a large hospital sends. Warned about from 80 %; STAT studies may go beyond it by a quarter',
  },
  downloads: {
    unit: 'count',
    standard: 16,
    min: 1,
    max: 1_024,
    reason: 'a client that fetches items in parallel gains nothing beyond',
  },
  uploads: {
    unit: 'count',
    standard: 24,
    min: 1,
    max: 1_024,
    reason:
      'each may hold a rewritten header until it is sealed; only three headers over 4 MiB are processed at a time. No facility takes more than half, and a quarter is kept for STAT',
  },
  connectionsPerAddress: {
    unit: 'count',
    standard: 2_048,
    min: 8,
    max: 65_536,
    reason:
      'a hospital behind one address has hundreds; beyond, new ones wait, and the newest replaces one that is idle or, after those, has no token. All addresses together have four times as many',
  },
  associationsPerAddress: {
    unit: 'count',
    standard: 32,
    min: 1,
    max: 64,
    reason:
      'half of all 64, so no address can take every place; a PACS rarely opens more than eight. As many connections of an address may wait for their association request; beyond, the newest replaces the oldest',
  },
  sessionIdleSeconds: {
    unit: 'seconds',
    standard: 14_400,
    min: 60,
    max: 43_200,
    reason:
      'a quiet night has hours between two cases; a session left behind ends before the shift',
  },
  failuresPerMinute: {
    unit: 'count',
    standard: 10,
    min: 1,
    max: 1_000,
    reason: 'a person mistypes a few times; guessing needs millions of attempts',
  },
}

const UNITS: Readonly<Record<string, number>> = { KiB, MiB, GiB, TiB }

/** `8 GiB`, `512MiB` or digits as a number of bytes; undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15})(?: ?(KiB|MiB|GiB|TiB))?$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * (unit ? (UNITS[unit] ?? NaN) : 1)
}

/** The number as written in YAML: with the largest unit that divides it. */
export function formatLimit(value: number, unit: LimitRule['unit']): string {
  if (unit !== 'bytes') return value.toLocaleString('en-US')
  const [name, size] = Object.entries(UNITS).findLast(([, one]) => value % one === 0) ?? ['', 1]
  return `${String(value / size)} ${name || 'bytes'}`
}

/**
 * The name of the environment variable that overrides a limit: `itemBytes` is
 * NOCTURNE_LIMIT_ITEM_BYTES.
 */
export const limitVariable = (name: string) =>
  `NOCTURNE_LIMIT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
