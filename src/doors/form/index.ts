/**
 * The door for forms: a `multipart/form-data` request, streamed into one upload.
 *
 * In:  a request, and a function that turns its form fields into the wanted upload.
 * Out: the answer for every part that was sent.
 * Always true: writes no file and holds no whole part in memory; if anything fails, nothing of the
 *      request remains except its event.
 * Trusts: nothing that the client declares.
 */
export { receiveForm } from './form.js'
export type { FormFields, FormLimits } from './contract.js'
