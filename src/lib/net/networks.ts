/** Lists of addresses and networks, as a site writes them. */
import { BlockList, isIP } from 'node:net'

/** IPv4 in IPv6 as IPv4, and without a zone. */
export const plainAddress = (address: string): string =>
  (address.split('%', 1)[0] ?? '').replace(/^::ffff:(?=\d+\.)/i, '')

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
