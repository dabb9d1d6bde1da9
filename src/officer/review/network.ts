/**
 * The network of an address, coarse enough that a reader at home keeps it: /24 of IPv4, /48 of
 * IPv6.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (plain.includes('.')) return `${plain.split('.').slice(0, 3).join('.')}.0/24`
  const [head = ''] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const wide = [...groups, '0', '0', '0'].slice(0, 3)
  return `${wide.join(':')}::/48`
}
