import type { z } from 'zod'
import type { S3StoreConfig } from '../store/index.js'
import { dimseFields } from './yaml/doors-schema.js'
import { expectationOf } from './yaml/expectations.js'
import { readText } from './files.js'
import type { SiteProblem } from './site-config.js'
import { limitVariable } from './limits.js'
import { gatewayFields, limitFields, s3Fields, topFields } from './yaml/schema.js'
import { wordsFor } from './yaml/shape.js'
import { nearest } from './yaml/suggest.js'

type Environment = Readonly<Record<string, string | undefined>>

interface Override {
  /** The place in nocturne.yaml whose value the variable replaces. */
  readonly at: readonly [string, ...string[]]
  readonly schema: z.ZodType
}

/** Variables that override one place in nocturne.yaml. An empty value counts as not set. */
export const OVERRIDES: Readonly<Record<string, Override>> = {
  NOCTURNE_LOG_LEVEL: { at: ['logLevel'], schema: topFields.logLevel },
  NOCTURNE_LISTEN: { at: ['gateway', 'listen'], schema: gatewayFields.listen },
  NOCTURNE_METRICS_LISTEN: { at: ['gateway', 'metrics'], schema: gatewayFields.metrics },
  NOCTURNE_ORIGIN: { at: ['gateway', 'origin'], schema: gatewayFields.origin },
  NOCTURNE_DIMSE_LISTEN: { at: ['doors', 'dimse', 'listen'], schema: dimseFields.listen },
  NOCTURNE_DATABASE: { at: ['database'], schema: topFields.database },
  NOCTURNE_STORE_PATH: { at: ['store', 'path'], schema: topFields.recovery },
  NOCTURNE_S3_BUCKET: { at: ['store', 'bucket'], schema: s3Fields.bucket },
  NOCTURNE_S3_REGION: { at: ['store', 'region'], schema: s3Fields.region },
  NOCTURNE_S3_ENDPOINT: { at: ['store', 'endpoint'], schema: s3Fields.endpoint },
  NOCTURNE_S3_CA_FILE: { at: ['store', 'caFile'], schema: s3Fields.caFile },
  NOCTURNE_S3_PREFIX: { at: ['store', 'prefix'], schema: s3Fields.prefix },
  NOCTURNE_S3_FORCE_PATH_STYLE: {
    at: ['store', 'forcePathStyle'],
    schema: s3Fields.forcePathStyle,
  },
  ...Object.fromEntries(
    Object.entries(limitFields).map(([name, schema]): [string, Override] => [
      limitVariable(name),
      { at: ['limits', name], schema },
    ]),
  ),
}

/**
 * Credentials: each given directly, or as the path of a file in the variable with the suffix _FILE.
 */
export const CREDENTIALS = [
  'NOCTURNE_S3_ACCESS_KEY_ID',
  'NOCTURNE_S3_SECRET_ACCESS_KEY',
  'NOCTURNE_S3_SESSION_TOKEN',
  'NOCTURNE_DATABASE_PASSWORD',
] as const

export interface EnvironmentReading {
  /** The YAML with the overrides of the environment. */
  readonly value: unknown
  /** Variables that replaced something, keyed by the place they replaced. */
  readonly replaced: ReadonlyMap<string, string>
  readonly s3: S3StoreConfig['credentials'] | undefined
  readonly databasePassword: string | undefined
  readonly problems: readonly SiteProblem[]
}

/** Applies the environment to the YAML. Invalid values are reported and change nothing. */
export async function readEnvironment(
  yaml: unknown,
  env: Environment,
): Promise<EnvironmentReading> {
  const problems: SiteProblem[] = [...misspelt(env)]
  const replaced = new Map<string, string>()
  let value = chooseStore(yaml, env, problems)
  for (const [name, { at, schema }] of Object.entries(OVERRIDES)) {
    const text = env[name]
    if (text === undefined || text === '') continue
    const given = name.endsWith('_FORCE_PATH_STYLE') ? asBoolean(text) : text
    const result = schema.safeParse(given, { reportInput: true })
    if (result.success) {
      value = withValue(value, at, given)
      replaced.set(at.join('.'), name)
    } else {
      const [issue] = result.error.issues
      const problem = issue === undefined ? 'is wrong' : wordsFor(issue)
      problems.push({ path: name, problem, hint: `${expectationOf(at)}, or unset it` })
    }
  }
  const [accessKeyId, secretAccessKey, sessionToken, databasePassword] = await Promise.all(
    CREDENTIALS.map((name) => readCredential(name, env, problems)),
  )
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    problems.push({
      path: accessKeyId === undefined ? CREDENTIALS[0] : CREDENTIALS[1],
      problem: 'is missing, but the other half of the S3 credentials is set',
      hint: "set both, or set neither to use the AWS SDK's own chain (profile, role of the machine)",
    })
  const s3 =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
  return { value, replaced, s3, databasePassword, problems }
}

/** NOCTURNE_STORE_PATH or NOCTURNE_S3_BUCKET also decide which kind of store it is. */
function chooseStore(yaml: unknown, env: Environment, problems: SiteProblem[]): unknown {
  const isSet = (name: string) => env[name] !== undefined && env[name] !== ''
  const before = isMap(yaml) && isMap(yaml.store) ? yaml.store : {}
  if (isSet('NOCTURNE_STORE_PATH') && isSet('NOCTURNE_S3_BUCKET')) {
    problems.push({
      path: 'NOCTURNE_STORE_PATH',
      problem: 'and NOCTURNE_S3_BUCKET are both set, but a site has only one store',
      hint: 'unset one of them',
    })
    return yaml
  }
  if (isSet('NOCTURNE_STORE_PATH')) return withValue(yaml, ['store'], { kind: 'files' })
  if (isSet('NOCTURNE_S3_BUCKET'))
    return withValue(yaml, ['store'], before.kind === 's3' ? before : { kind: 's3' })
  const alone = Object.keys(OVERRIDES).find(
    (name) => name.startsWith('NOCTURNE_S3_') && isSet(name),
  )
  if (alone !== undefined && before.kind === 'files')
    problems.push({
      path: alone,
      problem: 'is set, but the store is a folder',
      hint: 'set NOCTURNE_S3_BUCKET as well, or unset it',
    })
  return yaml
}

async function readCredential(
  name: string,
  env: Environment,
  problems: SiteProblem[],
): Promise<string | undefined> {
  const direct = env[name] === '' ? undefined : env[name]
  const variable = `${name}_FILE`
  const path = env[variable]
  if (path === undefined || path === '') return direct
  if (direct !== undefined) {
    problems.push({
      path: variable,
      problem: `and ${name} are both set`,
      hint: 'unset one of them',
    })
    return undefined
  }
  const file = await readText(path, path, 'write the path of a file that contains only the value')
  if (file.problem) {
    problems.push({ path: variable, ...file.problem })
    return undefined
  }
  // Docker mounts secrets world-readable, in a file system that only the container sees.
  if (
    process.platform !== 'win32' &&
    (file.mode & 0o007) !== 0 &&
    !/^(\/var)?\/run\/secrets\//.test(path)
  )
    problems.push({
      path: variable,
      problem: `${path} is accessible to every user of this machine`,
      hint: `run: chmod o= ${path}`,
    })
  return file.text.replace(/\r?\n$/, '')
}

/**
 * Only near misses are reported: a platform may set its own variables, as Kubernetes does for a
 * service with our name.
 */
function misspelt(env: Environment): SiteProblem[] {
  const known = [...Object.keys(OVERRIDES), ...CREDENTIALS.flatMap((one) => [one, `${one}_FILE`])]
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith('NOCTURNE_') || known.includes(name)) return []
    const suffix = name.slice('NOCTURNE_'.length)
    const suffixes = known.map((one) => one.slice('NOCTURNE_'.length))
    const meant = nearest(suffix, suffixes, 2)
    if (meant === undefined && !suffix.startsWith('LIMIT_')) return []
    const hint = meant === undefined ? 'unset it' : `did you mean NOCTURNE_${meant}?`
    return [{ path: name, problem: 'is not a known variable', hint }]
  })
}

const asBoolean = (text: string) => (text === 'true' ? true : text === 'false' ? false : text)

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function withValue(whole: unknown, at: readonly string[], value: unknown): unknown {
  const [first, ...rest] = at
  if (first === undefined) return value
  const map = isMap(whole) ? whole : {}
  return { ...map, [first]: withValue(map[first], rest, value) }
}
