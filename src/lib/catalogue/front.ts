/** Errors caused between the command and the gateway: proxies, sign-in pages, TLS. */
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
    'the host name in --gateway cannot be resolved',
    'check its spelling, the network connection of this machine, and its DNS',
  ),
  insecure_gateway: entry(
    400,
    'a token is never sent over plain HTTP beyond this machine',
    'use https://',
  ),
  clocks_differ: entry(
    422,
    'the clock of this machine and that of the gateway differ by more than 5 minutes',
    'correct the wrong clock, preferably with NTP, and run the command again; this is no sign of tampering',
  ),
  answer_lost: entry(
    503,
    'it is not yet known whether the gateway received the files',
    'run the same command again later: files that arrived are recognised and do not create a second case',
  ),
  tls_untrusted: entry(
    503,
    "the gateway's TLS certificate is not issued by an authority that this machine trusts",
    "give the certificate of the site's authority, from the operator, with --ca-file FILE (PEM); if the site uses a public authority, the connection may be intercepted: tell the operator",
  ),
  tls_other_name: entry(
    503,
    'the TLS certificate at this address is for another name',
    'use the name from the certificate in --gateway, or ask the operator for a certificate with this name; --ca-file does not change this',
  ),
  tls_expired: entry(
    503,
    "the gateway's TLS certificate has expired or is not valid yet",
    'check the clock of this machine; if it is right, ask the operator to renew the certificate',
  ),
  tls_refused: entry(
    503,
    'the TLS handshake with the gateway failed',
    'check whether the gateway requires a client certificate, and that any proxy in between allows TLS 1.2 or later',
  ),
  front_wants_tls: entry(
    503,
    'this address uses TLS, but --gateway says http',
    'write https:// in --gateway, and add --ca-file FILE if the site has its own certificate authority',
  ),
  front_speaks_plain: entry(
    503,
    'this address does not use TLS, but --gateway says https',
    "check the port; http:// works only on the gateway's own machine: for other machines, ask the operator to set gateway.tls",
  ),
  front_too_large: entry(
    413,
    'a proxy in front of the gateway refused the size of the request',
    'ask the operator to raise its limit (nginx: client_max_body_size 0; Apache: LimitRequestBody 0) and to stream uploads (proxy_request_buffering off)',
  ),
  front_no_gateway: entry(
    502,
    'a proxy in front of the gateway could not reach it',
    'run the same command again in a minute: files that arrived are recognised; if the error persists, tell the operator that the proxy cannot reach the gateway',
  ),
  front_timeout: entry(
    504,
    'a proxy in front of the gateway did not wait for its answer',
    'run the same command again: files that arrived are recognised; ask the operator to raise the timeout of the proxy (nginx: proxy_read_timeout 600s)',
  ),
  front_redirects: entry(
    502,
    'this address redirects elsewhere, and a token is not sent there',
    "give the gateway's own address with --gateway; if a sign-in page answers, ask the operator to exempt /v1 from it",
  ),
  front_sign_in: entry(
    502,
    'a proxy or the network requires a sign-in first',
    'sign in to the network in a browser, or ask the operator to let this machine reach the gateway directly',
  ),
  front_web_page: entry(
    502,
    'a web page answered instead of a gateway',
    "sign in to the network in a browser (captive portal) and run the command again; otherwise check that --gateway is the gateway's address",
  ),
  front_not_a_gateway: entry(
    502,
    'the answer did not come from a gateway',
    'check --gateway, with its path when a proxy adds one; a proxy may have answered instead',
  ),
} as const satisfies Record<string, Entry>
