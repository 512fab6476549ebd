/** Targets other than the lab, on real sockets and free ports: reflectors, echo servers, plain servers. */
import { STAMP_PREFACE } from "../../../src/stamp/frames.ts";
import { isTestPacket, sequenceOf, writeAnswer } from "../../../src/stamp/packet.ts";

/** What a UDP target does to the n-th datagram that arrives (from 0), or to its answer. */
export interface Faults {
  readonly dropUp?: (arrival: number) => boolean;
  readonly dropDown?: (arrival: number) => boolean;
  readonly copiesUp?: (arrival: number) => number;
  readonly copiesDown?: (arrival: number) => number;
  readonly delayMs?: (arrival: number) => number;
  /** Whether a stateful reflector counts the answers of all sessions of an address together. */
  readonly keyedByAddress?: boolean;
  /** The answer, counted from 0, at which a stateful reflector restarts and numbers from 0 again. */
  readonly restartsAt?: number;
  /** Changes the octets of the answer. */
  readonly modify?: ((arrival: number, answer: Buffer) => void) | undefined;
  /** A further datagram that is sent after the answer. */
  readonly addition?: ((arrival: number, answer: Buffer) => Buffer | undefined) | undefined;
}

/** A UDP target, and its counts of what it did. */
export interface UdpTarget extends AsyncDisposable {
  readonly port: number;
  readonly counts: { arrived: number; droppedUp: number; droppedDown: number; copiesUp: number; copiesDown: number };
}

/** How a UDP target makes its answers. */
export type Answering = "stateful" | "stateless" | "echo" | "plain" | "silent";

function wallNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Makes the answers of a UDP target. A stateful reflector counts its answers by session. */
function answerer(answering: Answering, { keyedByAddress, restartsAt }: Faults) {
  const answered = new Map<string, number>();
  let answers = 0;
  return (data: Buffer, port: number, address: string): Buffer => {
    if (answering === "plain") return Buffer.from("ACK-UDP");
    const answer = Buffer.from(data);
    if (answering === "echo" || !isTestPacket(answer)) return answer;
    if (answers++ === restartsAt) answered.clear();
    const session = keyedByAddress ? address : `${address} ${port} ${data.readUInt16BE(14)}`;
    const count = answered.get(session) ?? 0;
    answered.set(session, count + 1);
    const now = wallNow();
    writeAnswer(answer, {
      sequence: answering === "stateful" ? count : sequenceOf(data),
      receivedAt: now,
      sentAt: now,
    });
    return answer;
  };
}

/** A UDP target with these faults, on a free port of the loopback interface unless `at` is given. */
export async function udpTarget(
  answering: Answering,
  faults: Faults = {},
  at: { readonly hostname: string; readonly port?: number } = { hostname: "127.0.0.1" },
): Promise<UdpTarget> {
  const counts = { arrived: 0, droppedUp: 0, droppedDown: 0, copiesUp: 0, copiesDown: 0 };
  const answer = answerer(answering, faults);
  const socket = await Bun.udpSocket({
    ...at,
    socket: {
      data(from, data, port, address) {
        const arrival = counts.arrived++;
        if (answering === "silent") return;
        if (faults.dropUp?.(arrival)) {
          counts.droppedUp++;
          return;
        }
        const copies = faults.copiesUp?.(arrival) ?? 1;
        counts.copiesUp += copies - 1;
        for (let copy = 0; copy < copies; copy++) sendAnswer(from, arrival, answer(data, port, address), port, address);
      },
      error() {},
    },
  });

  function sendAnswer(from: typeof socket, arrival: number, bytes: Buffer, port: number, address: string): void {
    faults.modify?.(arrival, bytes);
    if (faults.dropDown?.(arrival)) {
      counts.droppedDown++;
      return;
    }
    const copies = faults.copiesDown?.(arrival) ?? 1;
    counts.copiesDown += copies - 1;
    const send = () => {
      for (let copy = 0; copy < copies && !from.closed; copy++) {
        try {
          from.send(bytes, port, address);
          const further = faults.addition?.(arrival, bytes);
          if (further !== undefined) from.send(further, port, address);
        } catch {
          // The sender has closed its socket; the kernel reports it at the next send.
        }
      }
    };
    const delay = faults.delayMs?.(arrival) ?? 0;
    if (delay > 0) setTimeout(send, delay);
    else send();
  }

  return {
    port: socket.port,
    counts,
    async [Symbol.asyncDispose]() {
      socket.close();
    },
  };
}

/** A TCP target. */
export interface TcpTarget extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: { count: number };
}

/**
 * A TCP server: `stamp` frames after the preface; an `echo` server; a `plain` one that answers each chunk with ACK-TCP;
 * one that `closes` the connection instead of every third answer; one that answers `twice`, the second time a little later; or a
 * `silent` one.
 * @param tls the certificate of a TLS server, and other options of the runtime
 */
export function tcpTarget(
  answering: "stamp" | "echo" | "plain" | "closes" | "twice" | "silent",
  tls?: Bun.TLSOptions,
): TcpTarget {
  const accepted = { count: 0 };
  let chunks = 0;
  const listener = Bun.listen<{ partial: Buffer; sequence: number }>({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls }),
    socket: {
      open(socket) {
        accepted.count++;
        socket.data = { partial: Buffer.alloc(0), sequence: 0 };
      },
      data(socket, data) {
        if (answering === "silent") return;
        if (answering === "echo") socket.write(data);
        else if (answering === "stamp") reflectFrames(socket, data);
        else if (answering === "closes" && chunks++ % 3 === 2) socket.end();
        else socket.write("ACK-TCP");
        if (answering === "twice") setTimeout(() => socket.write("ACK-TCP"), 2);
      },
      error() {},
    },
  });
  return {
    port: listener.port,
    accepted,
    async [Symbol.asyncDispose]() {
      listener.stop(true);
    },
  };
}

function reflectFrames(socket: Bun.Socket<{ partial: Buffer; sequence: number }>, data: Buffer): void {
  let bytes = Buffer.concat([socket.data.partial, data]);
  if (bytes.length >= STAMP_PREFACE.length && bytes.toString("latin1", 0, STAMP_PREFACE.length) === STAMP_PREFACE) {
    bytes = bytes.subarray(STAMP_PREFACE.length);
  }
  while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
    const end = 2 + bytes.readUInt16BE(0);
    const frame = Buffer.from(bytes.subarray(0, end));
    const now = wallNow();
    writeAnswer(frame, { sequence: socket.data.sequence++, receivedAt: now, sentAt: now }, 2);
    socket.write(frame);
    bytes = bytes.subarray(end);
  }
  socket.data.partial = Buffer.from(bytes);
}

/** A UDP port on which nothing listens: one that was free just now. */
export async function deadUdpPort(): Promise<number> {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  const { port } = socket;
  socket.close();
  return port;
}

/** A TCP port on which nothing listens: one that was free just now. */
export function deadTcpPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
