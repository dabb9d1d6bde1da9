/** Uploads by the key that their client chose, so that a lost answer can be requested again. */
export interface UploadKeyTable {
  facility: string
  /** As made by the client: random, so it identifies nobody. */
  key: string
  /**
   * The row is deleted with its envelope, so an abandoned upload can be sent again under the same
   * key.
   */
  envelope: string
  transfer: string
  /**
   * Content-Length of the request: a request of another length under the same key is a different
   * upload.
   */
  length: number | null
  /** The answer in JSON, without hints and receipt; null while the upload is in progress. */
  answer: string | null
  created_at: number
}

/** What a facility's uploads of one hour take in the store, for its daily quota. */
export interface UsageTable {
  facility: string
  /** Hours since 1970. */
  hour: number
  bytes: number
}
