/** The first member in the first line of an export. */
export const EXPORT_FORMAT = 'nocturne-ledger-export/v1'
/** For a ZIP: the member `format` in its query.json. */
export const PACKAGE_FORMAT = 'nocturne-ledger-package/v1'

/** The files in a ZIP besides the verification page and the rendering. */
export const PACKAGE_FILES = {
  query: 'query.json',
  key: 'ledger.vkey',
  policy: 'policy.txt',
  checkpoint: 'checkpoint',
  receipt: 'export.tlog-proof',
  events: 'events.ndjson',
  proof: 'proof.txt',
} as const
