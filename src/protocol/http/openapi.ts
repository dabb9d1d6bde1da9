/**
 * The OpenAPI 3.1 document: routes, schemas and the error catalogue, for other programs.
 */
import * as z from 'zod/mini'
import { CATALOGUE } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { isTransient, problemType } from './problem.js'
import { errorsOf } from './route.js'
import type { AnswerDoc, FormField, RouteDoc } from './route.js'
import { ROUTES } from './routes.js'
import { COMPONENTS } from './components.js'
import { TAGS, TEXT } from './introduction.js'
import { NOTICE_WEBHOOK, webhookBody } from './routes/webhooks.js'

type JsonObject = Readonly<Record<string, unknown>>

/** A Response Object of OpenAPI. */
interface Response {
  readonly description: string
  readonly headers?: JsonObject
  readonly content?: JsonObject
}

/** By status. */
type Responses = Record<string, Response>

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: JsonObject
  readonly tags: readonly JsonObject[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>
  readonly components: JsonObject
  readonly [member: string]: unknown
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const NAME_OF: ReadonlyMap<z.ZodMiniType, string> = new Map(
  Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]),
)

/** `version` is the version of the gateway. */
export function openApiDocument(version: string): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nocturne',
      version,
      description: TEXT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    security: [{ token: [] }],
    paths: pathsOf(),
    webhooks: { notice: { post: noticeWebhook() } },
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Obtained from the operator, or by signing in with an OpenPGP key.',
        },
      },
      schemas: componentSchemas(),
    },
  }
}

const noticeWebhook = (): JsonObject => ({
  ...NOTICE_WEBHOOK,
  operationId: 'webhook_notice',
  tags: ['Duty'],
  security: [],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: jsonSchema(webhookBody, 'output') } },
  },
  responses: { '2XX': { description: 'The receiver has it.' } },
})

function pathsOf(): OpenApiDocument['paths'] {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const [key, route] of Object.entries(ROUTES)) {
    const [method = '', path = ''] = key.split(' ')
    const operations = (paths[path] ??= {})
    operations[method.toLowerCase()] = operationOf(key, path, route)
  }
  return paths
}

function operationOf(key: string, path: string, route: RouteDoc): JsonObject {
  const parameters = parametersOf(path, route)
  const body = bodyOf(route)
  return {
    operationId: operationId(key),
    tags: [route.tag],
    summary: route.summary,
    description: [route.about, rolesText(route)].filter((text) => text !== undefined).join('\n\n'),
    ...(route.roles === 'anyone' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: isBodyRequired(route), content: body } }),
    responses: responsesOf(answersOf(route), problemsOf(key, route)),
  }
}

/** `get_v1_transfers_id_items_index`: a stable name for generated clients. */
const operationId = (key: string): string =>
  key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/_$/, '')

function rolesText({ roles }: RouteDoc): string {
  if (roles === 'anyone') return 'Needs no token.'
  if (roles === 'any role') return 'Role: any.'
  return `Role: ${roles.join(', ')}.`
}

function parametersOf(path: string, { path: about = {}, query, headers = {} }: RouteDoc) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...(PATH_PARAMETERS[name] ?? { schema: { type: 'string' } }),
    ...(about[name] !== undefined && { description: about[name] }),
  }))
  const given = query === undefined ? undefined : jsonSchema(query, 'input')
  const required = Array.isArray(given?.required) ? given.required : []
  const inQuery = Object.entries((given?.properties ?? {}) as Record<string, JsonObject>).map(
    ([name, { description, ...schema }]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    }),
  )
  const inHeader = Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))
  return [...inPath, ...inQuery, ...inHeader]
}

/** What a path parameter means unless a route says otherwise. */
const PATH_PARAMETERS: Readonly<Record<string, JsonObject>> = {
  id: { description: 'UUID of version 7.', schema: { type: 'string', format: 'uuid' } },
  index: { description: 'Index.', schema: { type: 'integer', minimum: 0 } },
  level: { schema: { type: 'integer', minimum: 0 } },
  path: { schema: { type: 'string' } },
  code: { schema: { type: 'string' } },
}

function bodyOf({ json, form, formType = 'multipart/form-data' }: RouteDoc) {
  if (json) return { 'application/json': { schema: schemaOf(json, 'input') } }
  if (!form) return undefined
  const fields = Object.entries(form)
  const required = fields.filter(([, { isRequired }]) => isRequired).map(([name]) => name)
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field)])),
    ...(required.length > 0 && { required }),
  }
  return { [formType]: { schema } }
}

/** A body without required members may be omitted. */
const isBodyRequired = ({ json }: RouteDoc): boolean => !json?.safeParse({}).success

const fieldSchema = ({ about, isFile, values }: FormField): JsonObject =>
  isFile
    ? {
        type: 'array',
        description: about,
        items: { type: 'string', contentMediaType: 'application/octet-stream' },
      }
    : { type: 'string', description: about, ...(values && { enum: values }) }

/**
 * One status can have both kinds of body: STOW-RS answers 503 with a data set once it has read
 * instances, and with a problem before that.
 */
function responsesOf(answers: Responses, problems: Responses): Responses {
  const both = { ...problems, ...answers }
  for (const [status, answer] of Object.entries(answers)) {
    const problem = problems[status]
    if (!problem) continue
    both[status] = {
      description: `${answer.description}\n\n${problem.description}`,
      headers: { ...problem.headers, ...answer.headers },
      content: { ...problem.content, ...answer.content },
    }
  }
  return both
}

const answersOf = ({ answers }: RouteDoc): Responses =>
  Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]))

function answerOf({ about, json, type, otherTypes = [], headers = {} }: AnswerDoc): Response {
  const first =
    json !== undefined
      ? { [type ?? 'application/json']: { schema: schemaOf(json, 'output') } }
      : type !== undefined && { [type]: { schema: bodySchema(type) } }
  const others = otherTypes.map((other) => [other, { schema: bodySchema(other) }] as const)
  const content = first && { ...first, ...Object.fromEntries(others) }
  return {
    description: about,
    headers: Object.fromEntries(
      Object.entries({ ...headers, 'X-Request-Id': 'Identifies this request in the log.' }).map(
        ([name, description]) => [name, { description, schema: { type: 'string' } }],
      ),
    ),
    ...(content && { content }),
  }
}

/** OpenAPI 3.1 has no schema for binary data. */
const bodySchema = (type: string): JsonObject => {
  if (/[/+]json$/.test(type)) return { type: 'object' }
  return type.startsWith('text/') || type === 'application/x-ndjson' ? { type: 'string' } : {}
}

/** One response per status, listing its codes. */
function problemsOf(key: string, route: RouteDoc): Responses {
  const byStatus = new Map<number, Code[]>()
  for (const code of errorsOf(key, route)) {
    const { status } = CATALOGUE[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const type = route.errorType ?? 'application/problem+json'
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const schema =
        route.errorType === undefined ? problemSchema(route, codes) : { type: 'object' }
      const headers = {
        ...(codes.some(isTransient) && {
          'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } },
        }),
      }
      return [
        status,
        { description: codes.map(codeText).join('\n'), headers, content: { [type]: { schema } } },
      ]
    }),
  )
}

const problemSchema = ({ problem }: RouteDoc, codes: readonly Code[]): JsonObject =>
  problem && codes.includes(problem.of) ? schemaOf(problem.json, 'output') : ref('Problem')

const codeText = (code: Code): string =>
  `- [\`${code}\`](${problemType(code)}): ${CATALOGUE[code].title}`

const schemaOf = (schema: z.ZodMiniType, io: 'input' | 'output'): JsonObject => {
  const name = NAME_OF.get(schema)
  return name === undefined ? jsonSchema(schema, io) : ref(name)
}

function jsonSchema(schema: z.ZodMiniType, io: 'input' | 'output'): JsonObject {
  return without(['$schema'], z.toJSONSchema(schema, { io, unrepresentable: 'any' }))
}

/** Requests are described as they are sent, answers as they are received. */
function componentSchemas(): JsonObject {
  const all: Record<string, JsonObject> = {}
  for (const io of ['input', 'output'] as const) {
    const registry = z.registry<{ id: string }>()
    for (const [name, schema] of Object.entries(COMPONENTS))
      if (name.endsWith('Request') === (io === 'input')) registry.add(schema, { id: name })
    const { schemas } = z.toJSONSchema(registry, {
      io,
      unrepresentable: 'any',
      uri: (id) => `#/components/schemas/${id}`,
    })
    for (const [name, schema] of Object.entries(schemas))
      all[name] = without(['$schema', '$id', 'id'], schema)
  }
  return all
}

const without = (names: readonly string[], schema: object): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)))
