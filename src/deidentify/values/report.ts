import { hex } from '../../dicom/dictionary/index.js'
import type { Element } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'
import type { Rule } from '../rules/rules.js'
import type { Scope } from './scope.js'

/** Reports what was done to an element; `was` is the original element. */
export function report(
  { subject, path, buffer }: Scope,
  tag: number,
  action: ElementReport['action'],
  { reason, option }: Pick<Rule, 'reason' | 'option'>,
  was: Element | undefined,
): void {
  const place = path + hex(tag)
  if (was === undefined) {
    subject.report.push({ path: place, action, reason })
    return
  }
  const digest = subject.digestValue(placeOf(place), buffer, was.valueStart, was.valueEnd)
  subject.report.push(
    option === undefined
      ? { path: place, action, reason, digest }
      : { path: place, action, reason, option, digest },
  )
}

/**
 * Removes item numbers from the path: the same attribute counts as one place in every frame or
 * content item.
 */
const placeOf = (path: string): string =>
  path.length === 8 ? path : path.replace(/\[\d+\]/g, '[]')
