/**
 * Checks real responses against the OpenAPI document: status, media type, and every member of a
 * JSON body.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { openApiDocument } from '../../src/protocol/http/openapi.js'

export interface Answered {
  readonly method: string
  /** Includes its query. */
  readonly path: string
  readonly status: number
  readonly type: string
  readonly text: string
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>
}

const document = openApiDocument('0.0.0')
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(
      `^${path
        .replace(/\./g, '\\.')
        .replace('{path}', '.+')
        .replace(/\{\w+\}/g, '[^/]+')}$`,
    ),
    // The more of the path is fixed, the better the match.
    fixed: path.replace(/\{\w+\}/g, '').length,
    responses: operation.responses as Readonly<Record<string, Response>>,
  })),
)
operations.sort((a, b) => b.fixed - a.fixed)

/** Formats are stricter than needed here. */
const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema(closed({ $id: 'openapi', components: document.components }))
const validators = new Map<object, ValidateFunction>()

/**
 * @throws Error stating what is not documented. For a path without a route, 404 and 405 are
 *   accepted; a HEAD is checked as a GET.
 */
export function expectDocumented({ method, path, status, type, text }: Answered): void {
  const [bare = ''] = path.split('?')
  const asked = `${method} ${bare} answered ${status}`
  const operation = operations.find(
    (one) => one.pattern.test(bare) && one.method === (method === 'HEAD' ? 'GET' : method),
  )
  if (!operation) {
    if (status !== 404 && status !== 405 && status !== 503)
      throw new Error(`${asked}, and is no route of the document`)
    return
  }
  const response = operation.responses[status]
  if (!response)
    throw new Error(`${asked}, which the document does not name: ${text.slice(0, 200)}`)
  if (method === 'HEAD') return
  const [media = ''] = type.split(';')
  const body = response.content?.[media]
  if (!body) throw new Error(`${asked} with ${media}, which the document does not name`)
  if (!/[/+]json$/.test(media) || !body.schema) return
  const validate = validatorOf(body.schema)
  if (!validate(JSON.parse(text)))
    throw new Error(
      `${asked} with another body than documented: ${ajv.errorsText(validate.errors)}`,
    )
}

function validatorOf(schema: object): ValidateFunction {
  const known = validators.get(schema)
  if (known) return known
  const made = ajv.compile(
    JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/', '"openapi#/')) as object,
  )
  validators.set(schema, made)
  return made
}

/**
 * A client ignores members that it does not know; here a member missing from the document is an
 * error.
 */
function closed(schema: object): object {
  return JSON.parse(
    JSON.stringify(schema, (_key, value: unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const { additionalProperties: rest, ...others } = value as { additionalProperties?: unknown }
      const isOpen =
        typeof rest === 'object' &&
        rest !== null &&
        Object.keys(rest).length === 0 &&
        'properties' in others
      return isOpen ? { ...others, unevaluatedProperties: false } : value
    }),
  ) as object
}
