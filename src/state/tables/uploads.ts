/** Uploads by the name that their client gave them, so that a lost answer can be asked for. */
export interface UploadKeyTable {
  facility: string
  /** As the client made it: random, and so of nobody. */
  key: string
  /** Gone with its envelope: what was given up may be sent again under the same key. */
  envelope: string
  transfer: string
  /** Content-Length of the request: another one under the same key is another upload. */
  length: number | null
  /** JSON of the answer, without hints and receipt; null while the upload is under way. */
  answer: string | null
  created_at: number
}
