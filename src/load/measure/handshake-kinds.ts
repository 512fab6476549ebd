/** The kinds of handshakes, apart from their histograms, which the page does not need. */

/** The kinds of handshakes: a TCP connection, TLS on a TCP connection, QUIC with the TLS in it. */
export const HANDSHAKE_KINDS = ["tcp", "tls", "quic"] as const;
/** A kind of handshakes. */
export type HandshakeKind = (typeof HANDSHAKE_KINDS)[number];
/** Display names. */
export const HANDSHAKE_TITLES: Readonly<Record<HandshakeKind, string>> = { tcp: "TCP", tls: "TLS", quic: "QUIC" };
