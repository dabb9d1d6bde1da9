/**
 * The part of `config` that reads sizes.
 *
 * In: text such as `8 GiB`. Out: bytes, or undefined. Always true: it needs no site.
 * Trusts: nobody.
 */
export { formatLimit, parseBytes } from '../limits.js'
