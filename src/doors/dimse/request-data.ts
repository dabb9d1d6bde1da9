/** The data set of a request other than C-STORE: small, so it is held and parsed as a whole. */
import type { Element } from '../../dicom/elements/index.js'
import { Budget, readDataset } from '../../dicom/index.js'
import type { Encoding } from '../../dicom/elements/index.js'
import { Pace } from '../../lib/pace.js'
import { AssociationEndedError } from './ending.js'

/** A request that names 10,000 instances takes about a megabyte. */
const MAX_REQUEST = 8 << 20

/**
 * What `read` makes of the elements and of the bytes that they lie in; undefined if the data is too
 * large or is not a valid data set. All data is consumed in any case.
 *
 * @throws AssociationEndedError
 */
export async function readRequest<T>(
  data: AsyncIterable<Buffer>,
  encoding: Encoding,
  read: (elements: readonly Element[], bytes: Buffer) => T | undefined,
): Promise<T | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of data) {
    size += chunk.length
    if (size <= MAX_REQUEST) chunks.push(chunk)
  }
  if (size > MAX_REQUEST) return undefined
  try {
    const bytes = Buffer.concat(chunks, size)
    const pace = new Pace()
    return read(await pace.run(readDataset(bytes, encoding, new Budget(pace))), bytes)
  } catch (error) {
    if (error instanceof AssociationEndedError) throw error
    return undefined
  }
}
