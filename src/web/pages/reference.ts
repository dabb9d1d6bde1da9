/**
 * The reference: Swagger UI with the gateway's own document. It is read-only and has no field for a
 * token.
 */

declare const SwaggerUIBundle: (options: Readonly<Record<string, unknown>>) => unknown

/** This compiler's DOM library does not include Trusted Types yet. */
declare const trustedTypes:
  | { createPolicy(name: string, rules: { createHTML: (html: string) => string }): unknown }
  | undefined

/** Elements and attributes that could make text run or load something. */
const ACTIVE =
  /<\s*\/?\s*(?:script|iframe|object|embed|base|form|link|meta|style)\b|[\s/"']on\w+\s*=|javascript:/i

/**
 * React inserts HTML that DOMPurify has cleaned; anything that could still be active is refused
 * here. The policy of the page would not let it run, either.
 */
if (typeof trustedTypes !== 'undefined')
  trustedTypes.createPolicy('default', {
    createHTML: (html) => {
      if (ACTIVE.test(html)) throw new TypeError('this HTML could be active')
      return html
    },
  })

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Without methods to submit there is no "Try it out", and so no field for a token.
  supportedSubmitMethods: [],
  // Nothing is fetched from elsewhere.
  validatorUrl: null,
})
