import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createEventThrottle } from '../../src/access/sign-in/event-throttle.js'
import { createFailureLimiter } from '../../src/access/sign-in/failure-limiter.js'
import { networkOf } from '../../src/lib/net/networks.js'

const at = (start: number) => {
  let time = start
  return { now: () => time, pass: (ms: number) => (time += ms) }
}

const fail = (times: number, once: () => void) => {
  for (let count = 0; count < times; count += 1) once()
}

describe('the failure limiter', () => {
  it('allows the configured number of failures, then requires a wait before the next', () => {
    const clock = at(1_000_000)
    const limiter = createFailureLimiter({ perMinute: 6, now: clock.now })
    fail(5, () => limiter.failed('192.0.2.1'))
    expect(limiter.check('192.0.2.1')).toBeUndefined()
    limiter.failed('192.0.2.1')
    expect(limiter.check('192.0.2.1')).toBe(10)
    expect(limiter.check('192.0.2.2')).toBeUndefined()
    clock.pass(10_000)
    expect(limiter.check('192.0.2.1')).toBeUndefined()
    limiter.failed('192.0.2.1')
    expect(limiter.check('192.0.2.1')).toBe(10)
    clock.pass(60_000)
    fail(5, () => limiter.failed('192.0.2.1'))
    expect(limiter.check('192.0.2.1')).toBeUndefined()
  })

  it('never allows more than that number within any minute after a quiet one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 100 }),
        (perMinute, waits) => {
          const clock = at(0)
          const limiter = createFailureLimiter({ perMinute, now: clock.now })
          let through = 0
          for (const wait of waits) {
            clock.pass(wait)
            if (limiter.check('192.0.2.1') !== undefined) continue
            limiter.failed('192.0.2.1')
            through += 1
          }
          expect(through).toBeLessThanOrEqual(
            perMinute + Math.ceil((clock.now() * perMinute) / 60_000),
          )
        },
      ),
    )
  })

  it('counts failures of an account across all addresses', () => {
    const limiter = createFailureLimiter({ perMinute: 3, now: () => 0 })
    for (const host of [1, 2, 3]) limiter.failed(`192.0.2.${host}`, 'reader-1')
    expect(limiter.check('192.0.2.9', 'reader-1')).toBe(20)
    expect(limiter.check('192.0.2.9', 'reader-2')).toBeUndefined()
    expect(limiter.check('192.0.2.9')).toBeUndefined()
  })

  it('does not let strangers lock a user out of an address used recently', () => {
    const limiter = createFailureLimiter({ perMinute: 3, now: () => 0 })
    limiter.succeeded('198.51.100.7', 'reader-1')
    for (const host of [1, 2, 3, 4]) limiter.failed(`192.0.2.${host}`, 'reader-1')
    expect(limiter.check('198.51.100.7', 'reader-1')).toBeUndefined()
    expect(limiter.check('192.0.2.9', 'reader-1')).toBeGreaterThan(0)
    fail(3, () => limiter.failed('198.51.100.7', 'reader-1'))
    expect(limiter.check('198.51.100.7', 'reader-1')).toBe(20)
  })

  it('evicts the least recently seen address when it is full', () => {
    const limiter = createFailureLimiter({ perMinute: 1, entries: 2, now: () => 0 })
    limiter.failed('192.0.2.1')
    limiter.failed('192.0.2.2')
    expect(limiter.check('192.0.2.1')).toBe(60)
    limiter.failed('192.0.2.3')
    expect(limiter.check('192.0.2.1')).toBe(60)
    expect(limiter.check('192.0.2.2')).toBeUndefined()
  })
})

describe('an address for counting', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
  ])('reads %j as %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it('counts all hosts of an IPv6 network as one', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 0xffff }), (address, host) => {
        const network = networkOf(address)
        if (!network.endsWith('/64')) return
        expect(networkOf(network.replace('::/64', `:${host.toString(16)}:2:3:4`))).toBe(network)
      }),
    )
  })
})

describe('the event throttle', () => {
  it('records a bounded number per minute and reports how many were only counted', () => {
    const clock = at(120_000)
    const throttle = createEventThrottle({ perMinute: 2, now: clock.now })
    expect([1, 2, 3, 4, 5].map(() => throttle.admit())).toEqual([
      0,
      0,
      undefined,
      undefined,
      undefined,
    ])
    clock.pass(60_000)
    expect(throttle.admit()).toBe(3)
    expect(throttle.admit()).toBe(0)
    expect(throttle.admit()).toBeUndefined()
    clock.pass(60_000)
    expect(throttle.admit()).toBe(1)
  })
})
