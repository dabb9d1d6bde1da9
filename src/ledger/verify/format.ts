/** First member of an export's first line. */
export const EXPORT_FORMAT = 'nocturne-ledger-export/v1'
/** Of a ZIP: the member `format` of its query.json. */
export const PACKAGE_FORMAT = 'nocturne-ledger-package/v1'

/** What a ZIP holds beside the page that verifies it and the rendering of its format. */
export const PACKAGE_FILES = {
  query: 'query.json',
  key: 'ledger.vkey',
  policy: 'policy.txt',
  checkpoint: 'checkpoint',
  receipt: 'export.tlog-proof',
  events: 'events.ndjson',
  proof: 'proof.txt',
} as const
