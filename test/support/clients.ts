/** Clients of the lab with one interface: HTTP, and TCP and UDP with plain and STAMP packets, on their own sockets. */

import { type Protocol, REGISTRY, type RequestProtocol } from "../../src/base/protocol.ts";
import type { Faults } from "../../src/faults/faults.ts";
import type { Lab } from "../../src/lab.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { STAMP_LENGTH, senderSequenceOf, writeTestPacket } from "../../src/stamp/packet.ts";
import { scrape } from "./scrape.ts";
import { until } from "./until.ts";

/** One answer. */
export interface Reply {
  /** The number of the answered packet. */
  readonly n: number;
  readonly body: Buffer;
  /** The HTTP status; 0 for other protocols. */
  readonly status: number;
  /** Time from the sending of its packet, in ms. */
  readonly afterMs: number;
}

/** A client of one protocol and packet format. */
export interface Client extends AsyncDisposable {
  /** Sends packet `n`; resolves when its outcome is known or, on UDP and with frames, when it is sent. */
  send(n: number): Promise<void>;
  /** Every answer, in order of arrival. */
  readonly replies: Reply[];
  /** The outcome of each packet, if the protocol shows it: answered, closed, reset, dropped-up … */
  readonly endings: Map<number, string>;
}

/** One protocol and packet format. */
export interface Form {
  readonly name: string;
  readonly protocol: Protocol;
  /** The size of one packet and of its answer, in octets. */
  readonly sentBytes: number;
  readonly replyBytes: number;
  connect(lab: Lab, host?: string): Promise<Client>;
}

const HELLO = "Hello UDP 7";

/** The replies and endings of a client, and a function that adds a reply. */
export function newClient(): Omit<Client, "send" | typeof Symbol.asyncDispose> & {
  got(n: number, body: Buffer, status?: number): void;
  readonly sentAt: number[];
} {
  const replies: Reply[] = [];
  const sentAt: number[] = [];
  return {
    replies,
    endings: new Map(),
    sentAt,
    got: (n, body, status = 0) => replies.push({ n, body, status, afterMs: performance.now() - (sentAt[n] ?? 0) }),
  };
}

/** A test packet with the sequence number `n`. */
export function testPacket(n: number, ssid = 7, length = STAMP_LENGTH): Buffer {
  const bytes = Buffer.alloc(length);
  writeTestPacket(bytes, { sequence: n, sentAt: Date.now(), ssid });
  return bytes;
}

/** A test packet in a frame. */
export function testFrame(n: number, ssid = 7, length = STAMP_LENGTH): Buffer {
  const header = Buffer.alloc(2);
  header.writeUInt16BE(length, 0);
  return Buffer.concat([header, testPacket(n, ssid, length)]);
}

const udpPlain: Form = {
  name: "UDP, plain",
  protocol: "udp",
  sentBytes: HELLO.length,
  replyBytes: 7,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    const sockets: { close(): void }[] = [];
    return {
      ...client,
      async send(n) {
        // One socket for each packet: a plain answer does not contain the number of its packet.
        const socket = await Bun.udpSocket({
          hostname: host.includes(":") ? "::" : "0.0.0.0",
          socket: { data: (_, body) => got(n, body) },
        });
        sockets.push(socket);
        sentAt[n] = performance.now();
        socket.send(HELLO, lab.ports.udp, host);
      },
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.close();
      },
    };
  },
};

const udpStamp: Form = {
  name: "UDP, STAMP",
  protocol: "udp",
  sentBytes: STAMP_LENGTH,
  replyBytes: STAMP_LENGTH,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    const socket = await Bun.udpSocket({
      hostname: host.includes(":") ? "::" : "0.0.0.0",
      socket: { data: (_, body) => got(senderSequenceOf(body), body) },
    });
    return {
      ...client,
      async send(n) {
        sentAt[n] = performance.now();
        socket.send(testPacket(n), lab.ports.udp, host);
      },
      async [Symbol.asyncDispose]() {
        socket.close();
      },
    };
  },
};

/** The options of a connection of the client: TLS without verification of the certificate, or none. */
const securityOf = (protocol: "tcp" | "tls") => (protocol === "tls" ? { tls: { rejectUnauthorized: false } } : {});

/** A client that sends each packet as a chunk on a connection of its own. */
const plainStream = (protocol: "tcp" | "tls"): Form => ({
  name: `${protocol.toUpperCase()}, plain`,
  protocol,
  sentBytes: HELLO.length,
  replyBytes: 7,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    return {
      ...client,
      send(n) {
        const ended = Promise.withResolvers<void>();
        const end = (how: string) => {
          if (!client.endings.has(n)) client.endings.set(n, how);
          ended.resolve();
        };
        void Bun.connect({
          hostname: host,
          port: lab.ports[protocol] ?? 0,
          ...securityOf(protocol),
          socket: {
            open(socket) {
              sentAt[n] = performance.now();
              socket.write(HELLO);
            },
            data(socket, body) {
              got(n, body);
              end("answered");
              socket.end();
            },
            error: () => end("reset"),
            close: (_, error) => end(error ? "reset" : "closed"),
          },
        });
        return ended.promise;
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

/** A client that sends STAMP frames on one connection. */
const stampStream = (protocol: "tcp" | "tls"): Form => ({
  name: `${protocol.toUpperCase()}, STAMP`,
  protocol,
  sentBytes: STAMP_LENGTH,
  replyBytes: STAMP_LENGTH,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    let unread = Buffer.alloc(0);
    const open = Promise.withResolvers<void>(); // with TLS, after the handshake
    const socket = await Bun.connect({
      hostname: host,
      port: lab.ports[protocol] ?? 0,
      ...securityOf(protocol),
      socket: {
        open: () => open.resolve(),
        data(_, chunk) {
          unread = Buffer.concat([unread, chunk]);
          const size = 2 + STAMP_LENGTH;
          for (; unread.length >= size; unread = unread.subarray(size)) {
            const body = unread.subarray(2, size);
            got(senderSequenceOf(body), body);
          }
        },
      },
    });
    await open.promise;
    socket.write(STAMP_PREFACE);
    return {
      ...client,
      async send(n) {
        sentAt[n] = performance.now();
        socket.write(testFrame(n));
      },
      async [Symbol.asyncDispose]() {
        socket.terminate();
      },
    };
  },
});

const tcpPlain = plainStream("tcp");
const tcpStamp = stampStream("tcp");
/** The same clients over TLS. */
export const TLS_FORMS: readonly Form[] = [plainStream("tls"), stampStream("tls")];

/** The version of HTTP that the runtime's client speaks, which accepts any certificate. */
const fetchOptions = (protocol: RequestProtocol) => ({
  ...(protocol === "http2" || protocol === "http3" ? { protocol } : {}),
  ...(protocol === "http" ? {} : { tls: { rejectUnauthorized: false } }),
});

/** A client that sends each packet as a request. */
const requests = (protocol: RequestProtocol): Form => ({
  name: REGISTRY[protocol].title,
  protocol,
  sentBytes: 7,
  replyBytes: 21,
  async connect(lab, host = "127.0.0.1") {
    const { got, sentAt, ...client } = newClient();
    const scheme = protocol === "http" ? "http" : "https";
    const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${lab.ports[protocol]}/`;
    const options = { method: "POST", body: '{"n":7}', ...fetchOptions(protocol) };
    return {
      ...client,
      async send(n) {
        sentAt[n] = performance.now();
        const response = await fetch(url, options);
        const body = Buffer.from(await response.bytes());
        const fate = response.headers.get("x-wirelab-fate");
        if (fate === null) got(n, body, response.status);
        client.endings.set(n, fate ?? "answered");
      },
      async [Symbol.asyncDispose]() {},
    };
  },
});

const http = requests("http");
/** The same client over the other versions of HTTP. */
export const REQUEST_FORMS: readonly Form[] = [requests("https"), requests("http2"), requests("http3")];

/** The clients of HTTP, TCP and UDP. */
export const FORMS: readonly Form[] = [http, tcpPlain, tcpStamp, udpPlain, udpStamp];

/** Clients whose packets and answers have a sequence number. */
export const NUMBERED_FORMS: readonly Form[] = [tcpStamp, udpStamp];
export { http, tcpPlain, tcpStamp, udpPlain, udpStamp };

/** The metrics of one protocol, from a scrape. */
export async function trafficOf(lab: Lab, protocol: Protocol) {
  const series = await scrape(lab);
  return {
    packets: series.get("packets_total", { protocol }),
    dropped: series.get("dropped_packets_total", { protocol }),
    answered: series.get("response_time_seconds_count", { protocol }),
    seconds: series.get("response_time_seconds_sum", { protocol }),
    receivedBytes: series.get("wirelab_received_bytes_total", { protocol }),
    sentBytes: series.get("wirelab_sent_bytes_total", { protocol }),
    drops: (reason: string) => series.get("wirelab_drops_total", { protocol, reason }),
    injected: (kind: string, direction: string) =>
      series.get("wirelab_impairments_total", { protocol, kind, direction }),
    rejected: (reason: string) => series.get("wirelab_rejected_total", { protocol, reason }),
    within: (le: number) => series.get("response_time_seconds_bucket", { protocol, le: `${le}` }),
  };
}

/** Waits until the lab has answered or dropped `packets` packets of the protocol and every answer has arrived. */
export async function settled(lab: Lab, form: Form, client: Client, packets: number) {
  const traffic = await until(async () => {
    const now = await trafficOf(lab, form.protocol);
    return now.packets >= packets && now.answered + now.dropped >= packets && now;
  }, `${packets} packets answered or dropped (${form.name})`);
  const copies = form.protocol === "udp" ? traffic.injected("duplicate", "down") : 0;
  await until(() => client.replies.length >= traffic.answered + copies, `${traffic.answered} answers arrived`);
  return traffic;
}

/** Sends packets 0 to `count` - 1, each after the outcome of the previous one, and waits for all answers and drops. */
export async function exchange(lab: Lab, form: Form, client: Client, count: number) {
  for (let n = 0; n < count; n++) await client.send(n);
  return settled(lab, form, client, count);
}

/** Sets the faults of one protocol through the control route. */
export async function setFaults(lab: Lab, protocol: Protocol, faults: Faults): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${lab.ports.http}/impairments/${protocol}`, {
    method: "PUT",
    body: JSON.stringify(faults),
    headers: { "content-type": "application/json" },
  });
  if (response.status !== 200) throw new Error(await response.text());
}
