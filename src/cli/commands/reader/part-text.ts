/** Parts of cases that are shared by body region, as lists show them. */
import type { CaseView } from '../../../protocol/http/cases.js'

/** `chest of K7Q-4MD, for reader-2` */
export function partText({ part }: CaseView): string {
  if (!part) return ''
  const { region, code, to } = part
  return `${region} of ${code}${to === undefined ? '' : `, for ${to}`}`
}

/** `chest is R2B-7TX: claimed, by reader-2, preliminary report` */
export function partLine(one: NonNullable<CaseView['parts']>[number]): string {
  const { region, code, state, to, claimedBy: holder, report } = one
  const who = holder === undefined ? (to === undefined ? '' : `, for ${to}`) : `, by ${holder}`
  return `${region} is ${code}: ${state}${who}${report === undefined ? '' : `, ${report} report`}`
}
