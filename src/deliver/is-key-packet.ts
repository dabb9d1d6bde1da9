/** How the seal room tells which recipient a key packet belongs to. */
import type { DataFormat } from '../seal/index.js'
import type { Recipient } from '../seal/keys/index.js'

export type IsKeyPacketFor = (
  packet: Uint8Array,
  format: DataFormat,
  recipient: Recipient,
) => Promise<boolean>
