/** The types of the library in one file, made from its source by `bun scripts/declarations.ts`. */

/** The protocols without encryption that have a port of their own: `all` of the load command. */
declare const CLASSICS: readonly ["http", "tcp", "udp"];
/** One of CLASSICS. */
type Classic = (typeof CLASSICS)[number];
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
/** Every protocol, in the order of all lists and columns. */
declare const REGISTRY: {
    readonly http: {
        readonly title: "HTTP";
        readonly summary: "requests and responses over TCP";
        readonly transport: "tcp";
        readonly port: 5000;
        readonly secure: false;
        readonly requests: true;
        readonly streams: false;
        readonly help: "HTTP: traffic, control, /metrics";
        readonly packet: "a request to a traffic route";
        readonly example: `curl -d '{"n":7}' http://HOST:PORT`;
        readonly connections: true;
        readonly stamp: false;
        readonly reportsDrops: true;
        readonly urlSchemes: readonly ["http", "https"];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "close", "stall", "burst", "delay", "status"];
        readonly rejects: readonly ["bad-request", "not-json", "too-large", "too-slow", "memory-limit", "connection-limit", "stall-limit", "not-found", "forbidden", "failed"];
        readonly look: {
            readonly shape: "●";
            readonly colors: readonly ["#0a5fa5", "#6cb6f5"];
            readonly dash: readonly [];
        };
    };
    readonly tcp: {
        readonly title: "TCP";
        readonly summary: "a connection, an ordered stream of bytes";
        readonly transport: "tcp";
        readonly port: 6000;
        readonly secure: false;
        readonly requests: false;
        readonly streams: false;
        readonly help: "TCP";
        readonly packet: "a chunk as read, or a STAMP frame";
        readonly example: "printf 'Hello TCP 7' | nc -N HOST PORT";
        readonly connections: true;
        readonly stamp: true;
        readonly reportsDrops: false;
        readonly urlSchemes: readonly [];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "burst", "delay", "reset"];
        readonly rejects: readonly ["bad-length", "cut-frame", "not-stamp", "idle", "slow-reader", "memory-limit", "connection-limit", "failed"];
        readonly look: {
            readonly shape: "■";
            readonly colors: readonly ["#b1500b", "#f2a35e"];
            readonly dash: readonly [7, 4];
        };
    };
    readonly udp: {
        readonly title: "UDP";
        readonly summary: "single datagrams, delivery not guaranteed";
        readonly transport: "udp";
        readonly port: 7000;
        readonly secure: false;
        readonly requests: false;
        readonly streams: false;
        readonly help: "UDP, plain and STAMP";
        readonly packet: "a datagram";
        readonly example: "printf 'Hello UDP 7' | nc -u -w1 HOST PORT";
        readonly connections: false;
        readonly stamp: true;
        readonly reportsDrops: false;
        readonly urlSchemes: readonly [];
        readonly largestPayload: 65507;
        readonly faults: readonly ["drop", "burst", "delay", "duplicate", "reorder", "corrupt"];
        readonly rejects: readonly ["source-refused", "own-reply", "not-stamp", "peer-gone", "failed"];
        readonly look: {
            readonly shape: "▲";
            readonly colors: readonly ["#007a5e", "#4fd1a5"];
            readonly dash: readonly [2, 3];
        };
    };
    readonly https: {
        readonly title: "HTTPS";
        readonly summary: "HTTP/1.1 over TLS";
        readonly transport: "tcp";
        readonly port: 5443;
        readonly secure: true;
        readonly requests: true;
        readonly streams: false;
        readonly help: "HTTP/1.1 over TLS";
        readonly packet: "a request to a traffic route";
        readonly example: `curl --cacert ca.pem -d '{"n":7}' https://HOST:PORT`;
        readonly connections: true;
        readonly stamp: false;
        readonly reportsDrops: true;
        readonly urlSchemes: readonly ["https"];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "close", "stall", "burst", "delay", "status"];
        readonly rejects: readonly ["bad-request", "not-json", "too-large", "too-slow", "memory-limit", "connection-limit", "stall-limit", "not-found", "forbidden", "failed"];
        readonly look: {
            readonly shape: "◆";
            readonly colors: readonly ["#9e16f6", "#907fff"];
            readonly dash: readonly [14, 4];
        };
    };
    readonly http2: {
        readonly title: "HTTP/2";
        readonly summary: "many requests at a time on one TLS connection";
        readonly transport: "tcp";
        readonly port: 5444;
        readonly secure: true;
        readonly requests: true;
        readonly streams: true;
        readonly help: "HTTP/2 over TLS";
        readonly packet: "a request to a traffic route";
        readonly example: `curl --http2 --cacert ca.pem -d '{"n":7}' https://HOST:PORT`;
        readonly connections: true;
        readonly stamp: false;
        readonly reportsDrops: true;
        readonly urlSchemes: readonly ["https"];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "close", "stall", "burst", "delay", "reset", "status"];
        readonly rejects: readonly ["bad-request", "not-json", "too-large", "too-slow", "memory-limit", "connection-limit", "stall-limit", "not-found", "forbidden", "failed"];
        readonly look: {
            readonly shape: "★";
            readonly colors: readonly ["#753100", "#f76010"];
            readonly dash: readonly [12, 3, 2, 3];
        };
    };
    readonly http3: {
        readonly title: "HTTP/3";
        readonly summary: "requests over QUIC: encrypted streams in datagrams";
        readonly transport: "udp";
        readonly port: 5443;
        readonly secure: true;
        readonly requests: true;
        readonly streams: true;
        readonly help: "HTTP/3 over QUIC";
        readonly packet: "a request to a traffic route";
        readonly example: `curl --http3-only --cacert ca.pem -d '{"n":7}' https://HOST:PORT`;
        readonly connections: false;
        readonly stamp: false;
        readonly reportsDrops: true;
        readonly urlSchemes: readonly ["https"];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "stall", "burst", "delay", "reset", "status"];
        readonly rejects: readonly ["bad-request", "not-json", "too-large", "too-slow", "memory-limit", "connection-limit", "stall-limit", "not-found", "forbidden", "failed"];
        readonly look: {
            readonly shape: "✚";
            readonly colors: readonly ["#3c0048", "#b181a4"];
            readonly dash: readonly [7, 3, 2, 3, 2, 3];
        };
    };
    readonly websocket: {
        readonly title: "WebSocket";
        readonly summary: "messages in both directions on one connection";
        readonly transport: "tcp";
        readonly port: 5000;
        readonly portOf: "http";
        readonly secure: false;
        readonly requests: false;
        readonly streams: false;
        readonly help: "";
        readonly packet: "a message, text or STAMP";
        readonly example: "ws://HOST:PORT/ws";
        readonly connections: true;
        readonly stamp: true;
        readonly reportsDrops: false;
        readonly urlSchemes: readonly ["ws", "wss"];
        readonly urlPath: "/ws";
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "close", "burst", "delay", "duplicate", "reset"];
        readonly rejects: readonly ["bad-frame", "too-large", "idle", "slow-reader", "memory-limit", "connection-limit", "failed"];
        readonly look: {
            readonly shape: "⬢";
            readonly colors: readonly ["#062401", "#90ff40"];
            readonly dash: readonly [4, 8];
        };
    };
    readonly tls: {
        readonly title: "TLS";
        readonly summary: "TCP with encryption: frames or chunks";
        readonly transport: "tcp";
        readonly port: 6443;
        readonly secure: true;
        readonly requests: false;
        readonly streams: false;
        readonly help: "TCP over TLS";
        readonly packet: "a chunk as decrypted, or a STAMP frame";
        readonly example: "(printf 'Hello TLS 7'; sleep 1) | openssl s_client -quiet -no_ign_eof -connect HOST:PORT";
        readonly connections: true;
        readonly stamp: true;
        readonly reportsDrops: false;
        readonly urlSchemes: readonly [];
        readonly largestPayload: number;
        readonly faults: readonly ["drop", "burst", "delay", "reset"];
        readonly rejects: readonly ["bad-length", "cut-frame", "not-stamp", "idle", "slow-reader", "memory-limit", "connection-limit", "failed", "handshake-failed", "handshake-timeout", "bad-record"];
        readonly look: {
            readonly shape: "▼";
            readonly colors: readonly ["#353e51", "#ffedd2"];
            readonly dash: readonly [4, 3, 4, 9];
        };
    };
};
/** A protocol's name: the label value in metrics, the value of `--proto`, the first part of a fault text. */
type Protocol = keyof typeof REGISTRY;
/** The names of the protocols whose entry has `Property`. */
type ProtocolWith<Property extends Partial<ProtocolEntry>> = {
    [Name in Protocol]: (typeof REGISTRY)[Name] extends Property ? Name : never;
}[Protocol];
/** A protocol that begins with a handshake. */
type SecureProtocol = ProtocolWith<{
    readonly secure: true;
}>;
/** A port, or that the protocol is not served. */
type PortOrOff = number | "off";
/** The port of each protocol that has one of its own; 0 selects a free one. */
type PortSettings = Readonly<Record<`${Classic}Port`, number>> & Readonly<Record<`${SecureProtocol}Port`, PortOrOff>>;
/** A probability for each direction. */
interface ByDirection {
    readonly up: number;
    readonly down: number;
}
/** Gilbert's two-state model: every packet is lost in the bad state, none in the good state (RFC 6534 section 3.3). */
interface Burst {
    /** Probability per packet of a transition from the good to the bad state. */
    readonly goodToBad: number;
    /** Probability per packet of a transition back. The mean burst length is 1 / badToGood packets. */
    readonly badToGood: number;
}
/** A value of the downstream direction alone, or one for each direction; a direction that is absent has none. */
type DownOrBoth<Value> = Value | {
    readonly up?: Value;
    readonly down?: Value;
};
/** Distribution of the delay, ms; every sample lies between 0 and MAX_DELAY_MS. */
type Delay = {
    readonly kind: "fixed";
    readonly ms: number;
} | {
    readonly kind: "uniform";
    readonly minMs: number;
    readonly maxMs: number;
} | {
    readonly kind: "normal";
    readonly meanMs: number;
    readonly stddevMs: number;
} | {
    readonly kind: "pareto";
    readonly scaleMs: number;
    readonly shape: number;
};
/** The faults of one protocol. An absent kind is off. Probabilities are between 0 and 1. */
interface Faults {
    readonly drop?: ByDirection;
    /** HTTP: the connection ends without a response. */
    readonly close?: ByDirection;
    /** HTTP: there is no response, and the connection stays open. */
    readonly stall?: ByDirection;
    readonly burst?: {
        readonly up?: Burst;
        readonly down?: Burst;
    };
    readonly delay?: DownOrBoth<Delay>;
    readonly duplicate?: DownOrBoth<number>;
    readonly reorder?: DownOrBoth<number>;
    readonly corrupt?: DownOrBoth<number>;
    readonly reset?: number;
    readonly status?: {
        readonly code: number;
        readonly probability: number;
    };
}
/** The faults of every protocol. */
type Impairments = Readonly<Record<Protocol, Faults>>;
/** The transports that a relay forwards. */
declare const TRANSPORTS: readonly ["tcp", "udp"];
/** One of TRANSPORTS. */
type Transport = (typeof TRANSPORTS)[number];
/** A host, name or address, and a port. */
interface HostPort {
    readonly host: string;
    readonly port: number;
}
/** What a relay forwards, from where to where. */
interface RelayRoute {
    /** Names it in metrics, and its random streams. */
    readonly name: string;
    readonly protocol: Transport;
    /** A port of 0 picks a free one. */
    readonly listen: HostPort;
    readonly upstream: HostPort;
}
/** The faults of relays as text, by the name of the relay. */
type RelayImpairments = Readonly<Record<string, string>>;
/** Log levels from least to most output; each includes those before it. */
declare const LOG_LEVELS: readonly ["silent", "error", "warn", "info", "debug"];
/** One of LOG_LEVELS. */
type LogLevel = (typeof LOG_LEVELS)[number];
/** An allowed host; without a port, every port of the host is allowed. */
interface AllowedHost {
    readonly host: string;
    readonly port: number | undefined;
}
/** Everything that can be configured. */
interface Config extends PortSettings {
    /** Address or name to listen on; `::` is all of IPv6 and IPv4. */
    readonly host: string;
    /** The port on which every datagram is a STAMP test packet; undefined for none. */
    readonly stampPort: number | undefined;
    /** The port of Toxiproxy's HTTP API; undefined for none. */
    readonly toxiproxyPort: number | undefined;
    /** Whether the protocols that begin with a handshake are served. */
    readonly tls: "on" | "off";
    /** PEM files of the certificate chain and of its private key; undefined for those that the lab makes itself. */
    readonly tlsCert: string | undefined;
    readonly tlsKey: string | undefined;
    /** The faults at the start. */
    readonly impair: Impairments;
    /** The relays at the start. */
    readonly relays: readonly RelayRoute[];
    /** Their faults at the start, as text, by name. */
    readonly relayImpair: RelayImpairments;
    /** 0 to 2^32 - 1; the same seed and the same packets have the same fates. */
    readonly seed: number;
    /** Bearer token that control requests from other hosts need; undefined forbids such requests. */
    readonly token: string | undefined;
    readonly logLevel: LogLevel;
    /** SQLite file that stores load runs; undefined keeps them in memory. */
    readonly data: string | undefined;
    /** Allowed targets of load runs from the page, besides the lab itself. */
    readonly targets: readonly AllowedHost[];
    /** The commit of the build, for `wirelab_build_info`. */
    readonly commit: string;
}
/** An invalid value; the message is one line: the name, the value and the allowed values. */
declare class ConfigError extends Error {
    readonly name = "ConfigError";
}
/** A fault text that cannot be parsed: the problem, its position, and what is allowed there. */
declare class ImpairmentError extends Error {
    /** The problem, without its position. */
    readonly problem: string;
    /** Index of the wrong character, from 0. */
    readonly position: number;
    /** The allowed values at that position. */
    readonly allowed: string;
    readonly name = "ImpairmentError";
    constructor(
    /** The problem, without its position. */
    problem: string, 
    /** Index of the wrong character, from 0. */
    position: number, 
    /** The allowed values at that position. */
    allowed: string);
}
/** The numbers of the open ports, of the protocols that are served; `stamp` and `toxiproxy` if there are such ports. */
type Ports = Readonly<Record<Classic, number>> & Readonly<Partial<Record<Exclude<Protocol, Classic>, number>>> & {
    readonly stamp?: number;
    readonly toxiproxy?: number;
};
/** The directions of a packet: `up` from the client to the lab, `down` from the lab to the client. */
declare const DIRECTIONS: readonly ["up", "down"];
/** One of DIRECTIONS. */
type Direction = (typeof DIRECTIONS)[number];
/** The amounts of a direction that are plain numbers: in + copies = out + dropped + waiting, in octets, and on UDP in packets. */
declare const RELAY_AMOUNTS: readonly ["packetsIn", "bytesIn", "packetsOut", "bytesOut", "copies", "copiedBytes", "dropped", "droppedBytes", "waiting", "waitingBytes"];
/** One of RELAY_AMOUNTS. */
type RelayAmount = (typeof RELAY_AMOUNTS)[number];
/** What faults do to each packet of one direction. Probabilities are between 0 and 1; an absent kind is off. */
interface PacketFaults {
    readonly drop?: number;
    readonly close?: number;
    readonly stall?: number;
    readonly burst?: Burst;
    readonly delay?: Delay;
    /** Correlation of a delay with the one before it, 0 to below 1; the distribution of the delays stays. */
    readonly correlation?: number;
    readonly duplicate?: number;
    readonly reorder?: number;
    readonly corrupt?: number;
    readonly reset?: number;
    readonly status?: {
        readonly code: number;
        readonly probability: number;
    };
}
/** Limit of the octets that wait in front of a rate: a number of them, or the time that they take, ms. */
type QueueLimit = {
    readonly bytes: number;
} | {
    readonly ms: number;
};
/** What happens to some of the connections, after a time. */
interface ShareAfter {
    /** Share of the connections. */
    readonly probability: number;
    /**
     * Time after the connection was opened or, if that was later, the fault was set, ms; for `stall` the time after which it is
     * closed, absent for never.
     */
    readonly afterMs?: number;
}
/** Divides a stream into segments. */
interface Slice {
    /** Mean length of a segment, octets. */
    readonly bytes: number;
    /** Most octets by which a length differs from the mean. */
    readonly variation: number;
    /** Time between two segments, ms. */
    readonly gapMs: number;
}
/** The faults of one direction of a path. An absent kind is off. */
interface LinkFaults extends Pick<PacketFaults, "drop" | "burst" | "delay" | "correlation" | "duplicate" | "reorder" | "corrupt"> {
    /** Packets leave in the order in which they came, however much their delays differ. */
    readonly order?: "keep";
    /** Bits per second, counted in octets of the payload. */
    readonly rate?: number;
    /** What waits in front of the rate at most: 100 ms without it. */
    readonly queue?: QueueLimit;
    /** Nothing passes on some connections, which stay open. */
    readonly stall?: ShareAfter;
    /** Some connections are reset. */
    readonly reset?: ShareAfter;
    /** A connection ends after this many octets. */
    readonly limit?: number;
    /** The stream is divided into small segments. */
    readonly slice?: Slice;
    /** The end of the stream is delayed, ms. */
    readonly slowClose?: number;
}
/** The faults of both directions: `up` from the client to the upstream, `down` back. */
type LinkFaultsByDirection = Readonly<Record<Direction, LinkFaults>>;
/** A relay of a lab. */
interface LabRelay {
    readonly route: RelayRoute;
    /** The port on which it listens. */
    readonly port: number;
    /** Of each direction at this moment: in + copies = out + dropped + waiting, in octets, and on UDP in packets. */
    readonly counts: Readonly<Record<Direction, Readonly<Record<RelayAmount, number>>>>;
    readonly faults: LinkFaultsByDirection;
    /** Sets the faults of what comes from now on; what is on its way keeps its fate. */
    setFaults(faults: LinkFaultsByDirection): void;
    /** Datagrams that the kernel dropped before the relay received them; undefined for TCP, or if it does not report them. */
    receiveBufferDrops(): Promise<Readonly<Record<Direction, number | undefined>> | undefined>;
}
/** The relays of a lab, by name. */
interface LabRelays {
    /** In the order in which they were made. */
    list(): readonly LabRelay[];
    get(name: string): LabRelay | undefined;
    /**
     * Opens a relay. One with this name and another route is closed first, and its faults stay; one with the same route stays
     * open. Rejects with RelayError; the relay before is open again then, if its port still is free.
     */
    put(route: RelayRoute): Promise<LabRelay>;
    /** Closes a relay and its connections; resolves with false if there is none. */
    delete(name: string): Promise<boolean>;
}
/** A running lab. */
interface Lab {
    /** The ports on which it listens; `stamp` and `toxiproxy` if there are such ports. */
    readonly ports: Ports;
    readonly host: string;
    /** Its relays, which can be changed while it runs. */
    readonly relays: LabRelays;
    /** Stops receiving, completes what is in progress within a limit, and closes. */
    stop(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** Limits of the memory and the connections that traffic can use; a counter shows when a limit was reached. */
interface Limits {
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
/** Fields of a line besides its message; undefined values are omitted. */
type Fields = Readonly<Record<string, string | number | boolean | undefined>>;
/** A destination of log lines. */
interface Log {
    /** Whether lines of that level are written; lets callers skip building a line. */
    enabled(level: Exclude<LogLevel, "silent">): boolean;
    write(level: Exclude<LogLevel, "silent">, message: string, fields?: Fields): void;
}
/** Options of `startLab`; every option has a default. */
interface LabOptions extends Partial<Omit<Config, "impair">> {
    /** The faults at the start; a protocol that is not named has none. */
    readonly impair?: Partial<Impairments>;
    readonly limits?: Partial<Limits>;
    /** Receives the lab's log lines; by default none are written. */
    readonly log?: Log;
}
/** Name of a port: its label in `ports` and in metrics. */
type PortName = Protocol | "stamp";
/** A port that is not available; the message is one line that names it. */
declare class ListenError extends Error {
    readonly portName: PortName | "toxiproxy";
    /** The system's error code. */
    readonly code: string;
    readonly name = "ListenError";
    constructor(message: string, portName: PortName | "toxiproxy", 
    /** The system's error code. */
    code: string);
}
/**
 * Format of the packets of a protocol that has STAMP packets: numbered STAMP test packets, many in flight, or plain
 * text, one at a time on each connection.
 */
type Mode = "stamp" | "plain";
/** Evenly spaced packets, or exponential gaps as from independent users. */
type Arrival = "constant" | "poisson";
/** A section of a run in which the rate changes linearly from `from` to `to`, packets a second. */
interface Stage {
    readonly from: number;
    readonly to: number;
    /** Length in s; infinite for a run without an end. */
    readonly seconds: number;
}
/** Options of the HTTP requests. */
interface HttpOptions {
    /** Default: POST with a body and for the path / of a lab, GET for any other URL. */
    readonly method?: string;
    readonly headers?: readonly (readonly [name: string, value: string])[];
    readonly body?: string | Uint8Array;
    /** Whether connections are reused. Default true. */
    readonly keepAlive?: boolean;
    /** As `verify` of the run, which replaces it. */
    readonly verify?: boolean;
}
/** Options of one run. Everything but the protocol has a default. */
interface LoadOptions {
    readonly protocol: Protocol;
    /** Host, host:port or URL. Default: the lab on this machine at the protocol's port. */
    readonly target?: string;
    /** Address of the lab's control routes, host:port or URL; false disables them. Default: port 5000 of the target's host. */
    readonly control?: string | false;
    /** Ports of the lab on this machine, for the defaults of `target` and `control`. Default: those of a lab without flags. */
    readonly labPorts?: Readonly<Partial<Record<Protocol, number>>>;
    /**
     * A relay between the run and its target: faults as text (`drop=0.1/0.1`) of one that the run starts, or `relay:NAME` for one
     * of the lab at `control`; `relay` for the one that listens on the target's port.
     */
    readonly via?: string;
    readonly mode?: Mode;
    /** Packets a second (open loop), or "max" for a closed loop. Default 100. */
    readonly rate?: number | "max";
    readonly arrival?: Arrival;
    /** Replaces `rate` and `duration`. */
    readonly stages?: readonly Stage[];
    /**
     * Default 1 for STAMP (32 in a closed loop, where packets go over connections), otherwise opened on demand up to 256
     * (32 in a closed loop). With streams on each, as many as have together that number of streams.
     */
    readonly connections?: number;
    /** Most requests in flight on each connection, for protocols that have streams. Default 32. */
    readonly streams?: number;
    /** Most STAMP packets in flight in a closed loop. Default 64. */
    readonly inFlight?: number;
    /** Default 10; Infinity for a run that ends with `stop()`. */
    readonly duration?: number;
    readonly count?: number;
    /** Octets of a packet. Default 64 for STAMP and for an HTTP body; plain text is not padded. */
    readonly size?: number;
    /** An answer after this time is late. Default 2. */
    readonly timeout?: number;
    /**
     * A packet without an answer is lost after this time; an answer before it is late. At least `timeout`. Default: two
     * timeouts, and at least 1 s after the timeout.
     */
    readonly wait?: number;
    /** Length of the phase before the measurement. Default 0. */
    readonly warmup?: number;
    /** Default: random; the report contains it. */
    readonly seed?: number;
    /** Whether the certificate of a target with TLS is verified. Default true. */
    readonly verify?: boolean;
    /** Certificates in PEM form that are trusted in place of those of the runtime. Default: those of the lab on this machine. */
    readonly ca?: string | Uint8Array;
    /** 4 or 6: only addresses of that family. */
    readonly family?: 4 | 6;
    /** Time between two snapshots. Default 1. */
    readonly interval?: number;
    readonly http?: HttpOptions;
    /** Whether losses are attributed during the run, not only at its end. Default: only for runs without an end. */
    readonly follow?: boolean;
    /**
     * Percentiles of the times that the report contains in addition and that its text shows, above 0 to 100. Default: 50,
     * 90, 95, 99 and 99.9, which every report contains.
     */
    readonly percentiles?: readonly number[];
    /** Objectives such as `p99<5ms`, `loss<0.1%`, `rate>=950`. */
    readonly objectives?: readonly string[];
}
/** The quantiles by their names in objectives and reports. */
declare const QUANTILES: {
    readonly p50: 0.5;
    readonly p90: 0.9;
    readonly p95: 0.95;
    readonly p99: 0.99;
    readonly p999: 0.999;
};
/** A quantile's name. */
type QuantileName = keyof typeof QUANTILES;
/** One interval. Counts are totals from the start of the run; a loss is counted one timeout after its packet was sent. */
interface IntervalSnapshot {
    readonly protocol: Protocol;
    /** End of the interval, s from the start of the run. */
    readonly seconds: number;
    /** Length of the interval, s. */
    readonly interval: number;
    /** Planned length of the run, s; Infinity if only its count or its user ends it. */
    readonly totalSeconds: number;
    readonly planned: number;
    readonly unsent: number;
    readonly refused: number;
    readonly sent: number;
    readonly answered: number;
    readonly lost: number;
    readonly late: number;
    readonly failed: number;
    readonly corrupt: number;
    readonly duplicate: number;
    readonly reordered: number;
    /**
     * Percentiles of the response time, s, over the packets whose outcome became known in this interval. Those without a
     * valid answer within the timeout count as infinite (RFC 7679 section 4). Null if the percentile is `over` the timeout,
     * or if there are too few packets.
     */
    readonly p50: number | null;
    readonly p95: number | null;
    readonly p99: number | null;
    /** Longest response time of the answers of this interval, s; null without any. */
    readonly max: number | null;
    /** The timeout, s, for each percentile that is over it. */
    readonly over: Partial<Record<QuantileName, number>>;
}
/** The target of a run that alternates with another one: that of `--target` or that of `--against`. */
type Side = "target" | "against";
/** Which run of a repeated run (`--repeat`) it is, from 1. */
interface Repetition {
    readonly index: number;
    readonly of: number;
    /** Only with `--against`. */
    readonly side?: Side;
}
/** How the certificate of a run's target was checked. */
interface ReportedTls {
    readonly verify: boolean;
    /** Which certificates were trusted in place of those of the runtime: those of `--ca`, or those of the lab on this machine. */
    readonly ca: "options" | "lab" | null;
}
/** The HTTP requests of a run, without what may be secret. */
interface ReportedRequests {
    /** Null if the target's name did not resolve, so that it was not decided. */
    readonly method: string | null;
    readonly keepAlive: boolean;
    /** Whether TLS certificates were verified. */
    readonly verify: boolean;
    /** Options whose values are left out, because they may be secret. */
    readonly withheld: readonly ("header" | "body")[];
}
/** The plan of a run, with its defaults filled in: what it takes to repeat the run. */
interface ReportedPlan {
    readonly protocol: Protocol;
    readonly target: string;
    /** URL of the lab's control routes; null if the run did not use any. */
    readonly control: string | null;
    /** The relay of `--via`, as given, with all its faults; only with the flag. */
    readonly via?: string;
    /** Null for a protocol without modes. */
    readonly mode: Mode | null;
    /** Packets a second; "max" in a closed loop; null if `stages` define it. */
    readonly rate: number | "max" | null;
    readonly arrival: Arrival;
    readonly stages: readonly Stage[] | null;
    /** Null for a run without a time limit. */
    readonly seconds: number | null;
    readonly count: number | null;
    readonly warmupSeconds: number;
    readonly connections: number;
    /** Most requests in flight on each connection; only of protocols that have streams. */
    readonly streams?: number;
    /** Whether connections were opened when packets needed them, up to that number; missing in reports of older versions. */
    readonly onDemand?: boolean;
    /** Most packets in flight; null in an open loop. */
    readonly inFlight: number | null;
    readonly size: number;
    readonly timeoutSeconds: number;
    /** A packet without an answer is lost after this time (RFC 7680 section 2.4). */
    readonly waitSeconds: number;
    readonly family: 4 | 6 | null;
    /** The flags of the command, without header fields and bodies; only of runs of the command. */
    readonly flags?: readonly string[];
    /** How the target's certificate was checked; only of runs over TLS or QUIC. */
    readonly tls?: ReportedTls;
    /** The HTTP requests; null for other protocols, and in reports of versions that did not report them. */
    readonly http: ReportedRequests | null;
    /** Those of `--percentiles`; only with the flag. */
    readonly percentiles?: readonly number[];
    readonly seed: number;
}
/** The sender's versions and machine. */
interface SenderHost {
    readonly wirelab: string;
    /** The commit of the build; missing if it is not known. */
    readonly commit?: string;
    readonly bun: string;
    /** Operating system and processor architecture, such as `linux x64`. */
    readonly platform: string;
    /** The kernel's release. */
    readonly kernel: string;
    /** Processor cores that the process may use. */
    readonly cpus: number;
}
/** How a run ended: `gave-up` if the target could not be reached or refused every packet. */
type RunEnd = "completed" | "interrupted" | "gave-up";
/** Packets by outcome. The sums of docs/CONTRACT.md, section 6, hold. */
interface PacketCounts {
    readonly planned: number;
    readonly sent: number;
    readonly unsent: number;
    /** Refused by the sender's own kernel; not part of `sent`. */
    readonly refused: number;
    readonly answered: number;
    readonly lost: number;
    readonly lostUp: number;
    readonly lostDown: number;
    readonly droppedUp: number;
    readonly droppedDown: number;
    readonly late: number;
    readonly duplicate: number;
    readonly reordered: number;
    readonly corrupt: number;
    readonly failed: number;
    readonly unexplained: number;
}
/** Further answers to answered packets, by the place at which the copy was made. */
interface DuplicatePlaces {
    /** Copies of packets: the reflector answered each with a number of its own. */
    readonly up: number;
    /** Copies of answers. */
    readonly down: number;
    /** The reflector does not number its answers. */
    readonly unexplained: number;
}
/** Why a loss ratio has no interval. */
type LossUnknown = "too few bursts" | "changes slowly";
/** Why the loss has no interval. */
type NoLossInterval = LossUnknown | "no losses" | "damaged answers" | "earlier schema";
/** The limits of an interval. */
interface Interval {
    readonly low: number;
    readonly high: number;
}
/** Lengths of loss bursts or of the gaps between them, in packets; null without any. */
interface RunLengthsReport {
    readonly count: number;
    readonly mean: number | null;
    readonly max: number | null;
}
/** A value with its interval. */
interface Ranged extends Interval {
    readonly value: number;
}
/** Lost packets by place; null where the number is not known. */
interface LossPlaces {
    /** On the path: neither dropped by a fault nor at a receive buffer. */
    readonly path: number | null;
    /** At the target's full receive buffer, at most: its counter includes the datagrams of other senders. */
    readonly targetBuffer: number | null;
    /** Answers that were dropped at the run's own full receive buffers, copies included. */
    readonly ownBuffer: number | null;
}
/** Lost packets divided by packets sent, and their pattern (RFC 3357, RFC 6534). */
interface LossReport {
    readonly ratio: number;
    /** The 95 % confidence interval, which holds for independent losses and for bursts; null if there is none. */
    readonly low: number | null;
    readonly high: number | null;
    /** The interval is that of a two-state Markov chain (Gilbert), wider where the losses vary more. */
    readonly method: "gilbert95";
    /** Why there is no interval. */
    readonly reason: NoLossInterval | null;
    /** Rough limits by which an objective is judged where there is no interval; null if there is one, or no such limits. */
    readonly limits: Interval | null;
    /** Number of independent packets with the same precision; null without an interval. */
    readonly effectiveSampleSize: number | null;
    /** Of a run without losses: the 95 % upper limit if losses are independent. */
    readonly highIfIndependent: number | null;
    /** Sequences of lost packets. */
    readonly bursts: RunLengthsReport;
    /** Packets between two bursts. */
    readonly gaps: RunLengthsReport;
    /** Transition probabilities of the Gilbert model: p from received to lost, r back; null without both transitions. */
    readonly gilbert: {
        readonly p: Ranged;
        readonly r: Ranged;
    } | null;
    /** The losses by place, apart from those that the target dropped on purpose. */
    readonly places: LossPlaces;
}
/** The source of an attribution. */
type AttributionSource = "relay" | "lab" | "reflector" | "target" | "none";
/** A percentile that the run was told to report. */
interface SelectedPercentile {
    /** Above 0, up to 100; 100 is the maximum. */
    readonly percent: number;
    /** In s; null if there are too few packets, or with `over`. */
    readonly value: number | null;
    /** The timeout, s, if the percentile is over it. */
    readonly over?: number;
}
/** A time of the report that can have a 95 % interval. */
type EstimatedTime = "mean" | QuantileName;
/** Why a quantile or a mean has no interval. */
type Unknown = "too few" | "too dependent" | "heavy-tailed";
/** Why a time has no interval. `earlier schema`: its interval assumed independent packets. */
type NoTimeInterval = Unknown | "earlier schema";
/** A distribution of durations, s. Null: no sample, or too few for that percentile. */
interface Times {
    /** Packets that have a time; minimum, mean, maximum and standard deviation are of these. */
    readonly count: number;
    /** Packets that the percentiles are over; those without a time count as infinite (RFC 7679 section 4). */
    readonly packets: number;
    readonly min: number | null;
    readonly mean: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    /** Null in a report that was made before it existed. */
    readonly p95: number | null;
    readonly p99: number | null;
    readonly p999: number | null;
    readonly max: number | null;
    readonly stddev: number | null;
    /** The percentiles of `--percentiles`, in rising order; only in reports of runs with it. */
    readonly percentiles?: readonly SelectedPercentile[];
    /** The timeout, for each percentile that is null because its rank is among the packets without a time. */
    readonly over: Partial<Record<QuantileName, number>>;
    /** 95 % confidence intervals. `high` is null if it is over the timeout. */
    readonly intervals: Partial<Record<EstimatedTime, readonly [low: number, high: number | null]>>;
    /** Why other values have no interval. */
    readonly noInterval: Partial<Record<EstimatedTime, NoTimeInterval>>;
}
/** The kinds of handshakes: a TCP connection, TLS on a TCP connection, QUIC with the TLS in it. */
declare const HANDSHAKE_KINDS: readonly ["tcp", "tls", "quic"];
/** A kind of handshakes. */
type HandshakeKind = (typeof HANDSHAKE_KINDS)[number];
/** Times of handshakes, s. Null: no sample, or too few for that percentile. */
interface HandshakeTimes {
    readonly count: number;
    readonly min: number | null;
    readonly mean: number | null;
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly max: number | null;
}
/** The handshakes of one kind. */
interface KindOfHandshakes {
    /** Those without an earlier session of TLS. TCP has no others. */
    readonly full: HandshakeTimes;
    /** Those that resumed an earlier session. */
    readonly resumed: HandshakeTimes;
}
/** All handshakes of a run, the opening of connections before its first packet and the warm-up included. */
interface ReportedHandshakes extends Readonly<Record<HandshakeKind, KindOfHandshakes | null>> {
    /** TLS and QUIC handshakes that failed, by their error code. */
    readonly failed: Readonly<Record<string, number>>;
}
/** The target's clock against this machine's. */
interface ClockOffset {
    /** By how much the target's clock is ahead, s. */
    readonly seconds: number;
    /** Largest error of the offset, s: half of the round trip, the case in which one direction took all of it. */
    readonly error: number;
}
/** A step of the clock of one end during the run. */
interface EndpointStep {
    readonly side: "sender" | "reflector";
    /** Send time of the first packet after the step, from the first packet of the run, s. */
    readonly atSeconds: number;
    /** By how much the clock was set forward, s; negative if it was set back. */
    readonly seconds: number;
}
/** What a packet's error estimate says about the clock of its sender (RFC 4656 section 4.1.2, RFC 8186 section 2). */
interface ErrorEstimate {
    /** S: the clock is synchronised to UTC by an external source. */
    readonly synchronized: boolean;
    /** Z: the format of the packet's own timestamps. */
    readonly format: "ntp" | "ptp";
    /** Multiplier × 2^(scale - 32), s; null if the multiplier is 0, which the standard forbids. */
    readonly errorSeconds: number | null;
}
/** The 50 % and the 99 % quantile of times, s; null if there are too few. */
interface TwoQuantiles {
    readonly p50: number | null;
    readonly p99: number | null;
}
/** Variation of the delay in one direction, s. */
interface OneWayVariation {
    /** Mean of |D| over the run (RFC 3550 section 6.4.1). */
    readonly rfc3550Mean: number | null;
    /** Quantiles of the absolute IPDV (RFC 3393); smallest and largest signed IPDV. */
    readonly ipdv: TwoQuantiles & {
        readonly min: number | null;
        readonly max: number | null;
    };
}
/** One direction of the relay during the run: in + copies = out + dropped + waiting, in octets, and in datagrams on UDP. */
interface ReportedWay extends Readonly<Record<RelayAmount, number>> {
    /** Datagrams dropped by reason; on TCP how often octets were. */
    readonly drops: Readonly<Record<string, number>>;
    /** Packets that faults changed and did not lose, by fault; on TCP also connections that were stalled, reset or ended. */
    readonly effects: Readonly<Record<string, number>>;
    /** The time that the relay added, s; percentiles are those of a histogram, null if it is not known. */
    readonly added: {
        readonly count: number;
        readonly mean: number | null;
        readonly p50: number | null;
        readonly p99: number | null;
    };
}
/** The relay that the packets of a run went through. */
interface ReportedVia {
    /** Its name at the lab; null for one that the run started. */
    readonly relay: string | null;
    readonly transport: Transport;
    /** The address and port to which packets were sent. */
    readonly address: string;
    readonly faults: string;
    /** Whether others used the relay during the run, so that the counts are not those of the run alone; null if not known. */
    readonly otherClients: boolean | null;
    /** How often the relay could not reach the target, by reason. */
    readonly upstreamErrors: Readonly<Record<string, number>>;
    /** What is missing or has changed; null if nothing. */
    readonly reason: string | null;
    /** From the first packet of the measurement to the end; null if not known. */
    readonly up: ReportedWay | null;
    readonly down: ReportedWay | null;
}
/** An objective and its result. */
interface JudgedObjective {
    readonly text: string;
    readonly met: boolean;
    /** The measured value, in s, as a share or in packets a second; null if there are too few samples, or with `over`. */
    readonly value: number | null;
    /** The timeout, s, if the value is a percentile over it. */
    readonly over?: number;
    /**
     * What decided: the limit of the value's 95 % confidence interval that is nearer to missing the objective, or the
     * value if it has no interval; null if that is over the timeout.
     */
    readonly edge: number | null;
    /** Whether the run is valid. An objective that is met by a run that is not valid proves nothing. */
    readonly runValid: boolean;
    /** Why the objective is missed although the value meets it, or how it was judged without an interval. */
    readonly note?: string;
}
/** The report of one protocol. */
interface RunReport {
    readonly schema: "wirelab.run/2";
    readonly protocol: Protocol;
    /** Only in the reports of a repeated run. */
    readonly repetition?: Repetition;
    readonly target: string;
    /** The address to which the target's name resolved; empty if it did not resolve. */
    readonly address: string;
    readonly seed: number;
    /** This and the next one are null in a report of schema wirelab.run/1, as is `ended`. */
    readonly plan: ReportedPlan | null;
    readonly host: SenderHost | null;
    /** STAMP session id (RFC 8972) of the run's sessions; null without STAMP. */
    readonly sessionId: number | null;
    readonly startedAt: string;
    readonly ended: RunEnd | null;
    /** How long packets were sent. */
    readonly durationSeconds: number;
    /** Packets a second; `offered` is null in a closed loop. */
    readonly rate: {
        readonly offered: number | null;
        readonly achieved: number;
    };
    readonly packets: PacketCounts;
    /** `packets.duplicate` by place; null in a report of schema wirelab.run/1. */
    readonly duplicates: DuplicatePlaces | null;
    readonly loss: LossReport;
    /** The source of the losses' directions. */
    readonly evidence: {
        readonly kind: AttributionSource;
        readonly text: string;
    };
    readonly responseTime: Times;
    /**
     * Response times of the answers that count as failed, HTTP statuses outside 2xx; its percentiles are over these answers.
     */
    readonly failedTime: Times;
    readonly serviceTime: Times;
    readonly serverTime: Times;
    /** How long connections took to open; null without connections, and in reports of older versions. */
    readonly handshakes: ReportedHandshakes | null;
    readonly oneWay: {
        /** T2 - T1, signed: it contains the difference of the two clocks. */
        readonly up: Times;
        /** T4 - T3, signed. */
        readonly down: Times;
        /**
         * Whether the offset of the clocks is 0 within its error, in the whole run and in each half, and no clock was set
         * during the run.
         */
        readonly comparable: boolean;
        /** Offset of the target's clock; null without STAMP answers. */
        readonly clockOffset: ClockOffset | null;
        /** Offset in the second half of the run less that in the first, s; null unless both are known. */
        readonly drift: number | null;
    };
    /** Clocks that were set during the run. */
    readonly clockSteps: readonly EndpointStep[];
    /** What the reflector reports about its clock; null without STAMP answers. */
    readonly reflectorClock: ErrorEstimate | null;
    /** Variation of the delay, of round trips except `up` and `down`, without the time that the sender waited. */
    readonly jitter: {
        /** Smoothed interarrival jitter after the last answer (RFC 3550 section 6.4.1). */
        readonly rfc3550: number | null;
        /** The same over the whole run: the mean of |D|. */
        readonly rfc3550Mean: number | null;
        /** Absolute difference between consecutive packets (after RFC 3393). */
        readonly ipdv: TwoQuantiles;
        /** Difference from the shortest delay of the run (RFC 5481). */
        readonly pdv: TwoQuantiles;
        /** Upstream, from T2 - T1; null unless T1 to T4 are known. */
        readonly up: OneWayVariation | null;
        /** Downstream, from T4 - T3. */
        readonly down: OneWayVariation | null;
    };
    /** Time from the intended send time until the packet was passed to the kernel. */
    readonly scheduleError: TwoQuantiles & {
        readonly max: number | null;
    };
    /** How the packets were passed to the kernel; null in a closed loop. */
    readonly handOver: {
        /** Packets that were due already when the packet before them was passed to the kernel. */
        readonly bunched: number;
        /** Most packets that were passed to the kernel without waiting between them. */
        readonly largestBurst: number;
    } | null;
    /** Time from the arrival of an answer at the kernel until it was read; over TCP and HTTP a lower bound. */
    readonly receiveDelay: TwoQuantiles & {
        readonly max: number | null;
    };
    readonly bytes: {
        readonly sent: number;
        readonly received: number;
    };
    readonly errors: Readonly<Record<string, number>>;
    /** Responses by HTTP status code. */
    readonly statuses: Readonly<Record<string, number>>;
    /** The relay that the packets went through (`--via`); null without one, and in reports of older versions. */
    readonly via: ReportedVia | null;
    /** Rows of the file of `--packets`, and those that were left out of it; null without the file. */
    readonly packetLog: {
        readonly rows: number;
        readonly omitted: number;
    } | null;
    readonly objectives: readonly JudgedObjective[];
    readonly verdict: {
        readonly valid: boolean;
        /** Whether the run was stopped before its end; of a run without an end that is no reason. */
        readonly interrupted: boolean;
        readonly reasons: readonly string[];
    };
}
/** A run under way. Its iterator yields a snapshot for each interval. */
interface LoadRun extends AsyncIterable<IntervalSnapshot> {
    /** The report, when the run has ended. It does not reject for network errors: the report contains them. */
    readonly report: Promise<RunReport>;
    /** Stops sending now; the report covers the packets sent so far. */
    stop(): void;
}
/** What is wrong with a relay. */
interface RelayProblem {
    /** The part that is wrong. */
    readonly field?: "name" | "protocol" | "listen" | "upstream";
    /** Of a text: the index of the wrong part, from 0. */
    readonly position?: number;
    /** What is allowed there. */
    readonly allowed?: string;
    /** The relay itself is valid, but something else is in its way: its port is in use, or there are too many relays. */
    readonly isConflict?: boolean;
    /** The system's error code, of a port that cannot be opened. */
    readonly code?: string;
}
/** A relay that could not be made: one line that says why. */
declare class RelayError extends Error {
    readonly problem: RelayProblem;
    readonly name = "RelayError";
    constructor(message: string, problem?: RelayProblem);
}
/** Faults of a relay: as text (`drop=0.05/0.05,delay=20`), or by direction; a direction that is absent has none. */
type RelayFaults = string | Partial<LinkFaultsByDirection>;
/** An open flow (UDP) or connection (TCP) of a relay. */
interface RelayFlow {
    /** The client. */
    readonly address: string;
    readonly port: number;
    readonly ageSeconds: number;
    /** Octets received from the client and from the upstream. */
    readonly bytesUp: number;
    readonly bytesDown: number;
    /** Datagrams lost in each direction; on TCP how often octets were. */
    readonly dropsUp: number;
    readonly dropsDown: number;
}
/** Options of `startRelay`. */
interface RelayOptions {
    readonly protocol: Transport;
    /** Where to forward: `HOST:PORT`, or a port of 127.0.0.1. */
    readonly to: string | number;
    /** Where to listen: a port of 127.0.0.1, or `ADDRESS:PORT`; by default a free port. */
    readonly listen?: string | number;
    readonly faults?: RelayFaults;
    /** The same seed, name and packets have the same fates; 1 by default. */
    readonly seed?: number;
    /** Selects the random streams, so that two relays with one seed differ; `relay` by default. */
    readonly name?: string;
}
/** Why a relay loses octets. Those of faults have the names of the faults. */
declare const LOSS_REASONS: readonly ["drop", "burst", "queue-full", "reset", "stall", "limit", "memory-limit", "no-upstream", "refused", "peer-gone", "send-failed", "failed"];
/** One of LOSS_REASONS. */
type LossReason = (typeof LOSS_REASONS)[number];
/** What was lost for one reason. */
interface LossCounts {
    /** Datagrams; on TCP how often it happened. */
    readonly packets: number;
    readonly bytes: number;
}
/** Faults that change packets and do not lose them; on TCP also those that stall, reset and end connections. */
declare const EFFECTS: readonly ["delay", "duplicate", "reorder", "corrupt", "stall", "reset", "limit"];
/** One of EFFECTS. */
type Effect = (typeof EFFECTS)[number];
/** The time from the receipt of a packet to its hand-over to the kernel, ms; the percentiles are those of buckets. */
interface AddedDelay {
    readonly mean: number;
    readonly p50: number;
    readonly p99: number;
}
/**
 * One direction: in + copies = out + dropped + waiting, in packets (UDP) and in octets. On TCP the packets are the parts of the
 * stream that were read and written.
 */
interface DirectionSnapshot {
    readonly packetsIn: number;
    readonly bytesIn: number;
    readonly packetsOut: number;
    readonly bytesOut: number;
    /** Made by the fault `duplicate`. */
    readonly copies: number;
    readonly copiedBytes: number;
    readonly waiting: number;
    readonly waitingBytes: number;
    readonly dropped: number;
    readonly droppedBytes: number;
    /** By the reason; those that have not occurred are absent. */
    readonly drops: Readonly<Partial<Record<LossReason, LossCounts>>>;
    /** Packets that faults changed and did not lose, by the fault. */
    readonly effects: Readonly<Partial<Record<Effect, number>>>;
    /** Undefined until a packet has left. */
    readonly addedMs: AddedDelay | undefined;
}
/** A relay that is open. Disposing of it closes the port and every connection. */
interface RunningRelay {
    readonly host: string;
    readonly port: number;
    /** The faults as text. */
    readonly faults: string;
    /** The counts at this moment: `up` from clients to the upstream, `down` back. */
    readonly counts: {
        readonly up: DirectionSnapshot;
        readonly down: DirectionSnapshot;
    };
    /** Open flows or connections. */
    flows(): readonly RelayFlow[];
    /** Sets the faults of what comes from now on. Throws ConfigError if they are not valid. */
    setFaults(faults: RelayFaults): void;
    stop(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** An invalid option, described in one line for a person. The command ends with status 2. */
declare class UsageError extends Error {
    readonly name = "UsageError";
}
/**
 * Parses the faults of one protocol, `drop=0.2,delay=20`; an empty text or `none` is no fault. `at` is added to positions
 * in errors. Throws ImpairmentError.
 */
declare function parseFaults(protocol: Protocol, text: string, at?: number): Faults;
/**
 * Parses the faults of all protocols; a protocol that the text does not name has none. Throws ImpairmentError, also for a
 * protocol that is not one of `served`.
 */
declare function parseImpairments(text: string, served?: readonly Protocol[]): Impairments;
/** Starts a load run. Throws a UsageError, which names the option, for options that are not valid. */
declare function runLoad(options: LoadOptions): LoadRun;
/**
 * Starts a lab. A port of 0 selects a free one, which `ports` returns. Several labs can run in one process. Rejects with
 * ConfigError or ImpairmentError for an option that is not valid, and with ListenError if a port is not available; nothing
 * is left open then.
 */
declare function startLab(options?: LabOptions): Promise<Lab>;
/**
 * Starts a relay between a client and a service of a test. Rejects with ConfigError for an option that is not valid, and with
 * RelayError if the port is not available or the upstream is the relay itself; nothing is left open then.
 */
declare function startRelay(options: RelayOptions): Promise<RunningRelay>;
export { Config, ConfigError, ImpairmentError, Lab, LabOptions, Limits, ListenError, LoadOptions, LoadRun, RelayError, RelayFaults, RelayFlow, RelayOptions, RunReport, RunningRelay, IntervalSnapshot as Snapshot, UsageError, parseFaults, parseImpairments, runLoad, startLab, startRelay };
