/** The limits of a lab, which tests and programs can lower. */

/** Limits of the memory and the connections that traffic can use; a counter shows when a limit was reached. */
export interface Limits {
  /** STAMP sessions, one for each connection of a load run; 128 octets each, or up to 16 KiB with more packets. */
  readonly sessions: number;
  /** Delayed responses, all protocols together. */
  readonly delayQueue: number;
  /** Octets of delayed responses: datagrams, frames and echoed bodies. */
  readonly delayQueueBytes: number;
  /** Open HTTP connections. */
  readonly httpConnections: number;
  /** HTTP requests that the fault `stall` leaves without a response; above that, the oldest ones' connections are closed. */
  readonly httpStalled: number;
  /** Longest time for which the fault `stall` leaves a connection open, ms. */
  readonly httpStallMs: number;
  /** Sessions of HTTP requests whose losses are counted, one for each load run. */
  readonly httpSessions: number;
  /** Open TCP connections. */
  readonly tcpConnections: number;
  /** Open TLS connections, also before their handshakes. */
  readonly tlsConnections: number;
  /** Open WebSocket connections. */
  readonly websocketConnections: number;
  /** Idle time after which a TCP, TLS or WebSocket connection is closed, s. */
  readonly tcpIdleSeconds: number;
  /** Octets of responses that a TCP, TLS or WebSocket peer may leave unread before the lab stops reading from it. */
  readonly tcpUnreadBytes: number;
  /** Octets that all TCP, TLS and WebSocket connections hold: unread responses, and incomplete frames of TCP and TLS. */
  readonly tcpBytes: number;
  /** Octets that wait in all relays together: delayed, or not accepted by the kernel. */
  readonly relayBytes: number;
  /** Largest HTTP request body, octets. */
  readonly httpBodyBytes: number;
  /** Octets of all HTTP request bodies that are being read. */
  readonly httpBodiesBytes: number;
  /** Longest time for an HTTP request body to arrive, ms. */
  readonly httpBodyMs: number;
  /** Longest time from the first octets of an HTTP request to the last of them, ms; longer than `httpBodyMs`. */
  readonly httpRequestMs: number;
  /** Longest time from the opening of a TLS connection to the end of its handshake, ms. */
  readonly handshakeMs: number;
  /** Packets in the packet log, and packets recorded in a second. */
  readonly packetLog: number;
  readonly packetLogPerSecond: number;
  /** Viewers of the live stream. */
  readonly viewers: number;
  /** Limits of a load run from the page: packets a second of each protocol, and duration, s. */
  readonly runRate: number;
  readonly runSeconds: number;
  /** Octets of all kept runs that are being sent to clients. */
  readonly runBodiesBytes: number;
  /** Receive buffer requested for each UDP socket, octets. */
  readonly udpReceiveBuffer: number;
  /** Longest time that a stop waits for delayed responses, ms. */
  readonly stopMs: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Limits = {
  sessions: 4096,
  delayQueue: 65_536,
  delayQueueBytes: 64 * 1024 * 1024,
  httpConnections: 4096,
  httpStalled: 2048,
  httpStallMs: 300_000,
  httpSessions: 4096,
  tcpConnections: 4096,
  tlsConnections: 4096,
  websocketConnections: 1024,
  tcpIdleSeconds: 120,
  tcpUnreadBytes: 64 * 1024,
  tcpBytes: 64 * 1024 * 1024,
  relayBytes: 256 * 1024 * 1024,
  httpBodyBytes: 1024 * 1024,
  httpBodiesBytes: 64 * 1024 * 1024,
  httpBodyMs: 10_000,
  httpRequestMs: 15_000,
  handshakeMs: 10_000,
  packetLog: 1000,
  packetLogPerSecond: 200,
  viewers: 256,
  runRate: 10_000,
  runSeconds: 300,
  runBodiesBytes: 64 * 1024 * 1024,
  udpReceiveBuffer: 4 * 1024 * 1024,
  stopMs: 1000,
};
