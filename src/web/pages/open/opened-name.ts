/** Enough of the content to tell DICOM (PS3.10 section 7.1: a preamble of 128 octets, then DICM). */
const HEAD_BYTES = 132

/**
 * `scan.dcm` for `scan.dcm.pgp`; what has no ending besides gets one by its content. As `nocturne open` names it, and with
 * nothing of what the message itself says.
 */
export function openedName(sealed: string, head: Uint8Array): string {
  const bare = sealed.replace(/\.(pgp|gpg|asc)$/i, '').replace(/^\.+/, '') || 'opened'
  return /.\.[A-Za-z0-9]{1,8}$/.test(bare) ? bare : `${bare}.${endingOf(head)}`
}

function endingOf(head: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(head.subarray(0, HEAD_BYTES))
  if (text.startsWith('DICM', 128)) return 'dcm'
  return text.startsWith('%PDF-') ? 'pdf' : 'bin'
}

/** `scan (2).dcm` when there is a `scan.dcm`: nothing that is there is written over. */
export function numbered(name: string, count: number): string {
  if (count === 1) return name
  const dot = name.lastIndexOf('.')
  return dot > 0 ? `${name.slice(0, dot)} (${count})${name.slice(dot)}` : `${name} (${count})`
}
