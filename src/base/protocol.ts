/**
 * The registry of protocols. Labels, ports, flags, help texts, faults, reject reasons and the look on the page are
 * read from this table; no other module lists protocols.
 */

/** One protocol that the lab serves and the load generator sends. */
interface ProtocolEntry {
  /** Display name. */
  readonly title: string;
  /** One line for the page's column. */
  readonly summary: string;
  /** The transport below, which determines the kind of the listening port. */
  readonly transport: "tcp" | "udp";
  /** Default port (docs/CONTRACT.md, section 1). */
  readonly port: number;
  /** The protocol on whose port it is served; undefined for a port of its own. */
  readonly portOf?: "http";
  /** Whether a handshake with a certificate comes first (TLS, or QUIC with TLS in it). */
  readonly secure: boolean;
  /** Whether its packets are requests to the traffic routes. */
  readonly requests: boolean;
  /** Whether a connection carries several requests at a time, each as a stream. */
  readonly streams: boolean;
  /** What the port is for, in `--help`. */
  readonly help: string;
  /** What counts as one packet. */
  readonly packet: string;
  /** Shell command that sends one packet; `HOST` and `PORT` stand for the listener's. */
  readonly example: string;
  /** Whether peers open connections, which are counted and limited. */
  readonly connections: boolean;
  /** Whether packets carry STAMP fields, so that the reflector keeps sessions (RFC 8762). */
  readonly stamp: boolean;
  /** Whether the target answers a dropped packet with a response that reports the drop. */
  readonly reportsDrops: boolean;
  /** Schemes of the URLs that a load target may be, the default first; empty where it is host:port only. */
  readonly urlSchemes: readonly string[];
  /** Path of the URL of a load target that is given without one; undefined for `/`. */
  readonly urlPath?: string;
  /** Largest payload of one packet that the load generator sends, octets. */
  readonly largestPayload: number;
  /** Kinds of faults that the protocol accepts, in the order of the lists. */
  readonly faults: readonly string[];
  /** Reasons for which input is rejected. */
  readonly rejects: readonly string[];
  /** Look on the page. Shape and dash pattern differ too, so that colour is not the only distinction. */
  readonly look: {
    readonly shape: string;
    /** Colour on a light and on a dark background. */
    readonly colors: readonly [light: string, dark: string];
    /** Dash pattern of lines, CSS pixels; empty for a solid line. */
    readonly dash: readonly number[];
  };
}

/** Faults of requests, and reasons for which requests are rejected. */
const REQUEST_FAULTS = ["drop", "close", "stall", "burst", "delay", "status"] as const;
const REQUEST_REJECTS = [
  "bad-request",
  "not-json",
  "too-large",
  "too-slow",
  "memory-limit",
  "connection-limit",
  "stall-limit",
  "not-found",
  "forbidden",
  "failed",
] as const;

/** Reasons for which input on a stream of octets is rejected. */
const STREAM_REJECTS = [
  "bad-length",
  "cut-frame",
  "not-stamp",
  "idle",
  "slow-reader",
  "memory-limit",
  "connection-limit",
  "failed",
] as const;

/** Every protocol, in the order of all lists and columns. */
export const REGISTRY = {
  http: {
    title: "HTTP",
    summary: "requests and responses over TCP",
    transport: "tcp",
    port: 5000,
    secure: false,
    requests: true,
    streams: false,
    help: "HTTP: traffic, control, /metrics",
    packet: "a request to a traffic route",
    example: `curl -d '{"n":7}' http://HOST:PORT`,
    connections: true,
    stamp: false,
    reportsDrops: true,
    urlSchemes: ["http", "https"],
    largestPayload: 2 ** 24,
    faults: REQUEST_FAULTS,
    rejects: REQUEST_REJECTS,
    look: { shape: "●", colors: ["#0a5fa5", "#6cb6f5"], dash: [] },
  },
  tcp: {
    title: "TCP",
    summary: "a connection, an ordered stream of bytes",
    transport: "tcp",
    port: 6000,
    secure: false,
    requests: false,
    streams: false,
    help: "TCP",
    packet: "a chunk as read, or a STAMP frame",
    example: "printf 'Hello TCP 7' | nc -N HOST PORT",
    connections: true,
    stamp: true,
    reportsDrops: false,
    urlSchemes: [],
    largestPayload: 2 ** 24,
    faults: ["drop", "burst", "delay", "reset"],
    rejects: STREAM_REJECTS,
    look: { shape: "■", colors: ["#b1500b", "#f2a35e"], dash: [7, 4] },
  },
  udp: {
    title: "UDP",
    summary: "single datagrams, delivery not guaranteed",
    transport: "udp",
    port: 7000,
    secure: false,
    requests: false,
    streams: false,
    help: "UDP, plain and STAMP",
    packet: "a datagram",
    example: "printf 'Hello UDP 7' | nc -u -w1 HOST PORT",
    connections: false,
    stamp: true,
    reportsDrops: false,
    urlSchemes: [],
    largestPayload: 65_507, // of a datagram over IPv4
    faults: ["drop", "burst", "delay", "duplicate", "reorder", "corrupt"],
    rejects: ["source-refused", "own-reply", "not-stamp", "peer-gone", "failed"],
    look: { shape: "▲", colors: ["#007a5e", "#4fd1a5"], dash: [2, 3] },
  },
  https: {
    title: "HTTPS",
    summary: "HTTP/1.1 over TLS",
    transport: "tcp",
    port: 5443,
    secure: true,
    requests: true,
    streams: false,
    help: "HTTP/1.1 over TLS",
    packet: "a request to a traffic route",
    example: `curl --cacert ca.pem -d '{"n":7}' https://HOST:PORT`,
    connections: true,
    stamp: false,
    reportsDrops: true,
    urlSchemes: ["https"],
    largestPayload: 2 ** 24,
    faults: REQUEST_FAULTS,
    rejects: REQUEST_REJECTS,
    look: { shape: "◆", colors: ["#9e16f6", "#907fff"], dash: [14, 4] },
  },
  http2: {
    title: "HTTP/2",
    summary: "many requests at a time on one TLS connection",
    transport: "tcp",
    port: 5444,
    secure: true,
    requests: true,
    streams: true,
    help: "HTTP/2 over TLS",
    packet: "a request to a traffic route",
    example: `curl --http2 --cacert ca.pem -d '{"n":7}' https://HOST:PORT`,
    connections: true,
    stamp: false,
    reportsDrops: true,
    urlSchemes: ["https"],
    largestPayload: 2 ** 24,
    faults: ["drop", "close", "stall", "burst", "delay", "reset", "status"],
    rejects: REQUEST_REJECTS,
    look: { shape: "★", colors: ["#753100", "#f76010"], dash: [12, 3, 2, 3] },
  },
  http3: {
    title: "HTTP/3",
    summary: "requests over QUIC: encrypted streams in datagrams",
    transport: "udp",
    port: 5443,
    secure: true,
    requests: true,
    streams: true,
    help: "HTTP/3 over QUIC",
    packet: "a request to a traffic route",
    example: `curl --http3-only --cacert ca.pem -d '{"n":7}' https://HOST:PORT`,
    connections: false,
    stamp: false,
    reportsDrops: true,
    urlSchemes: ["https"],
    largestPayload: 2 ** 24,
    faults: ["drop", "stall", "burst", "delay", "reset", "status"],
    rejects: REQUEST_REJECTS,
    look: { shape: "✚", colors: ["#3c0048", "#b181a4"], dash: [7, 3, 2, 3, 2, 3] },
  },
  websocket: {
    title: "WebSocket",
    summary: "messages in both directions on one connection",
    transport: "tcp",
    port: 5000,
    portOf: "http",
    secure: false,
    requests: false,
    streams: false,
    help: "",
    packet: "a message, text or STAMP",
    example: "ws://HOST:PORT/ws",
    connections: true,
    stamp: true,
    reportsDrops: false,
    urlSchemes: ["ws", "wss"],
    urlPath: "/ws",
    largestPayload: 2 ** 16,
    faults: ["drop", "close", "burst", "delay", "duplicate", "reset"],
    rejects: ["bad-frame", "too-large", "idle", "slow-reader", "memory-limit", "connection-limit", "failed"],
    look: { shape: "⬢", colors: ["#062401", "#90ff40"], dash: [4, 8] },
  },
  tls: {
    title: "TLS",
    summary: "TCP with encryption: frames or chunks",
    transport: "tcp",
    port: 6443,
    secure: true,
    requests: false,
    streams: false,
    help: "TCP over TLS",
    packet: "a chunk as decrypted, or a STAMP frame",
    // At the end of its input openssl discards what it has not read yet: the input ends a second later.
    example: "(printf 'Hello TLS 7'; sleep 1) | openssl s_client -quiet -no_ign_eof -connect HOST:PORT",
    connections: true,
    stamp: true,
    reportsDrops: false,
    urlSchemes: [],
    largestPayload: 2 ** 24,
    faults: ["drop", "burst", "delay", "reset"],
    rejects: [...STREAM_REJECTS, "handshake-failed", "handshake-timeout", "bad-record"],
    look: { shape: "▼", colors: ["#353e51", "#ffedd2"], dash: [4, 3, 4, 9] },
  },
} as const satisfies Readonly<Record<string, ProtocolEntry>>;

/** A protocol's name: the label value in metrics, the value of `--proto`, the first part of a fault text. */
export type Protocol = keyof typeof REGISTRY;

/** The names of the protocols whose entry has `Property`. */
type ProtocolWith<Property extends Partial<ProtocolEntry>> = {
  [Name in Protocol]: (typeof REGISTRY)[Name] extends Property ? Name : never;
}[Protocol];

/** A protocol whose packets carry STAMP fields. */
export type StampProtocol = ProtocolWith<{ readonly stamp: true }>;
/** A protocol whose packets are requests to the traffic routes. */
export type RequestProtocol = ProtocolWith<{ readonly requests: true }>;
/** A protocol that begins with a handshake. */
export type SecureProtocol = ProtocolWith<{ readonly secure: true }>;
/** A protocol whose peers open connections, which are counted and limited. */
export type ConnectionProtocol = ProtocolWith<{ readonly connections: true }>;
/** A protocol with a port of its own. */
export type PortProtocol = Exclude<Protocol, ProtocolWith<{ readonly portOf: "http" }>>;

/** The protocols without encryption that have a port of their own: `all` of the load command. */
export const CLASSICS = ["http", "tcp", "udp"] as const satisfies readonly Protocol[];
/** One of CLASSICS. */
export type Classic = (typeof CLASSICS)[number];

/** Every protocol, in the order of the registry. */
export const PROTOCOLS = Object.keys(REGISTRY) as readonly Protocol[]; // a literal's own keys are its type's keys

/** The display names of all protocols: `HTTP, TCP and UDP`. */
export const ALL_TITLES = new Intl.ListFormat("en-GB").format(PROTOCOLS.map((protocol) => REGISTRY[protocol].title));

/** A record with `make(protocol)` under each protocol's name. */
export function byProtocol<Value>(make: (protocol: Protocol) => Value): Record<Protocol, Value> {
  // Has one entry for each protocol, as the type requires.
  return Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, make(protocol)])) as Record<Protocol, Value>;
}

/** A record with `make(protocol)` under each of `protocols`. */
export function recordOf<Value>(
  protocols: readonly Protocol[],
  make: (protocol: Protocol) => Value,
): Partial<Record<Protocol, Value>> {
  return Object.fromEntries(protocols.map((protocol) => [protocol, make(protocol)]));
}

/** The protocols that `record` has, in the order of the registry. */
export function protocolsOf(record: Readonly<Partial<Record<Protocol, unknown>>>): readonly Protocol[] {
  return PROTOCOLS.filter((protocol) => Object.hasOwn(record, protocol));
}

/** Whether `text` is the name of a protocol. */
export function isProtocol(text: string): text is Protocol {
  return Object.hasOwn(REGISTRY, text);
}

/** The protocols that have a port of their own. */
export const PORT_PROTOCOLS = PROTOCOLS.filter(
  (protocol): protocol is PortProtocol => !("portOf" in REGISTRY[protocol]),
);

/** Whether the protocol begins with a handshake. */
export function isSecure(protocol: Protocol): protocol is SecureProtocol {
  return REGISTRY[protocol].secure;
}

/** The protocols that begin with a handshake. */
export const SECURE_PROTOCOLS = PROTOCOLS.filter(isSecure);

/** A record with `make(protocol)` under the name of each protocol that begins with a handshake. */
export function bySecureProtocol<Value>(make: (protocol: SecureProtocol) => Value): Record<SecureProtocol, Value> {
  // Has one entry for each of these protocols, as the type requires.
  return Object.fromEntries(SECURE_PROTOCOLS.map((protocol) => [protocol, make(protocol)])) as Record<
    SecureProtocol,
    Value
  >;
}
