/** What stands between the command and the gateway. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const FRONT = {
  gateway_unreachable: entry(
    503,
    'the gateway cannot be reached',
    'check --gateway, and that the gateway is running',
  ),
  gateway_name_unknown: entry(
    503,
    'the name in --gateway has no address',
    'check its spelling, and that this machine is on the network and its DNS answers',
  ),
  insecure_gateway: entry(
    400,
    'a token is never sent over plain HTTP beyond this machine',
    'use https://',
  ),
  clocks_differ: entry(
    422,
    'the clock of this machine and that of the gateway differ by more than 5 minutes',
    'set the wrong clock, best by NTP, and run the command again; nobody needs to have changed anything',
  ),
  answer_lost: entry(
    503,
    'it is not known yet whether the gateway has the files',
    'run the same command again later: what arrived is recognised, and makes no second case',
  ),
  tls_untrusted: entry(
    503,
    "the gateway's TLS certificate is not issued by an authority that this machine trusts",
    "give the certificate of the site's authority with --ca-file FILE (PEM), as the operator sent it; if the site uses a public authority, somebody may be reading along: tell the operator",
  ),
  tls_other_name: entry(
    503,
    'the TLS certificate at this address is for another name',
    'write the name that the certificate holds in --gateway, or ask the operator for a certificate with this name; --ca-file does not change that',
  ),
  tls_expired: entry(
    503,
    "the gateway's TLS certificate has expired or is not valid yet",
    'check the clock of this machine; if it is right, ask the operator to renew the certificate',
  ),
  tls_refused: entry(
    503,
    'TLS with the gateway could not be agreed on',
    'check whether it asks for a client certificate, and that a proxy in between lets TLS 1.2 or later pass',
  ),
  front_wants_tls: entry(
    503,
    'this address speaks TLS, and --gateway says http',
    'write https:// in --gateway; add --ca-file FILE when the site has an authority of its own',
  ),
  front_speaks_plain: entry(
    503,
    'this address does not speak TLS, and --gateway says https',
    'check the port; http:// works on the machine of the gateway only, elsewhere the operator sets gateway.tls',
  ),
  front_too_large: entry(
    413,
    'a proxy in front of the gateway refused the size of the request',
    'ask the operator to raise its limit (nginx: client_max_body_size 0; Apache: LimitRequestBody 0) and to stream uploads (proxy_request_buffering off)',
  ),
  front_no_gateway: entry(
    502,
    'a proxy in front of the gateway could not reach it',
    'run the same command again in a minute: what arrived is recognised; if it stays so, tell the operator that the proxy has no gateway behind it',
  ),
  front_timeout: entry(
    504,
    'a proxy in front of the gateway did not wait for its answer',
    'run the same command again: what arrived is recognised; ask the operator to raise its timeout (nginx: proxy_read_timeout 600s)',
  ),
  front_redirects: entry(
    502,
    'this address redirects elsewhere, and a token is not sent there',
    "give the gateway's own address with --gateway; if a sign-in page answers, ask the operator to let /v1 pass without one",
  ),
  front_sign_in: entry(
    502,
    'a proxy or the network wants a sign-in first',
    'sign in to the network in a browser, or ask the operator to let this machine reach the gateway directly',
  ),
  front_web_page: entry(
    502,
    'a web page answered instead of a gateway',
    "sign in to the network in a browser (captive portal) and run the command again; else check that --gateway is the gateway's address",
  ),
  front_not_a_gateway: entry(
    502,
    'the answer is not that of a gateway',
    'check --gateway, with its path when a proxy adds one; a proxy may have answered instead',
  ),
} as const satisfies Record<string, Entry>
