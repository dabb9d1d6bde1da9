/** First member of an export's first line. */
export const EXPORT_FORMAT = 'nocturne-ledger-export/v1'
