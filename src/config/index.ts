/**
 * The room that reads a site: nocturne.yaml, the environment, and the secrets, apart.
 *
 * In: a site's folder and the environment. Out: Site, typed and checked; or every problem at once,
 * each with its path and what to write instead. Always true: a secret is never in YAML, is in a
 * file that only its owner can read, and is never printed. Trusts: the operator's files, unless
 * `problems` reports something.
 */
export { readRecipient } from './attribute-recipients.js'
export { loadSite, SiteInvalidError, surveySite } from './load.js'
export type { SiteSurvey } from './load.js'
export type {
  SiteConfig,
  FacilityConfig,
  GroupConfig,
  DutyHours,
  Limits,
  Secrets,
  Site,
  SiteProblem,
} from './site-config.js'
export type { DimseConfig, DoorsConfig } from './doors-config.js'
