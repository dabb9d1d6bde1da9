/** Lists of addresses and networks, as a site writes them. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** IPv4 in IPv6 as IPv4, and without a zone. */
export const plainAddress = (address: string): string =>
  (address.split('%', 1)[0] ?? '').replace(/^::ffff:(?=\d+\.)/i, '')

/**
 * The unit that counts as one address: a whole IPv4 address, or the first 64 bits of an IPv6
 * address, because the holder of one address in such a network controls all of them (RFC 4291
 * section 2.5.1). IPv4-mapped IPv6 counts as IPv4. All other text counts as a single address.
 */
export function networkOf(address: string): string {
  const bare = address.split('%', 1)[0] ?? ''
  if (isIPv4(bare)) return bare
  if (!isIPv6(bare)) return 'unknown'
  // The URL parser produces the canonical form of RFC 5952, with IPv4 parts in hexadecimal.
  const [head = '', tail] = new URL(`http://[${bare}]/`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff')
    return groups
      .slice(6)
      .flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff])
      .join('.')
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** Whether an address, in any form that `plainAddress` accepts, is in the list. */
export type AddressList = (address: string) => boolean

/** @param networks addresses, or networks with a prefix length; any other entry matches nothing. */
export function addressList(networks: readonly string[]): AddressList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = familyOf(address)
    if (family === undefined) continue
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (given) => {
    const address = plainAddress(given)
    const family = familyOf(address)
    return family !== undefined && list.check(address, family)
  }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined =>
  isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : undefined
