/**
 * The reference: Swagger UI over the gateway's own document. It only shows; a token has no place in
 * it.
 */

declare const SwaggerUIBundle: (options: Readonly<Record<string, unknown>>) => unknown

/** The DOM library of this compiler does not know Trusted Types yet. */
declare const trustedTypes:
  | { createPolicy(name: string, rules: { createHTML: (html: string) => string }): unknown }
  | undefined

/** Elements and attributes through which text could run or load something. */
const ACTIVE =
  /<\s*\/?\s*(?:script|iframe|object|embed|base|form|link|meta|style)\b|[\s/"']on\w+\s*=|javascript:/i

/**
 * React writes HTML that DOMPurify has cleaned, as plain text to the browser: what could act all
 * the same is refused. The policy of the page would not let it run either.
 */
if (typeof trustedTypes !== 'undefined')
  trustedTypes.createPolicy('default', {
    createHTML: (html) => {
      if (ACTIVE.test(html)) throw new TypeError('this text could act')
      return html
    },
  })

SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  // Without methods to submit there is no "Try it out", and so no place to paste a token.
  supportedSubmitMethods: [],
  // Nothing is fetched from elsewhere.
  validatorUrl: null,
})
