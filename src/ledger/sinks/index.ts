/** Forwards every entry to syslog servers over TLS (RFC 5425), in order and at least once. */
export { createForwarding } from './forwarding.js'
export type { Forwarder, Forwarding, SinkConfig, SinkStatus } from './forwarding.js'
export { createSend } from './syslog-tls.js'
