/** Targets that are not the lab, on real sockets and free ports: reflectors, echoes, plain and HTTP servers. */

import { STAMP_PREFACE } from "../../../src/stamp/frames.ts";
import { isTestPacket, sequenceOf, writeAnswer } from "../../../src/stamp/packet.ts";

/** What becomes of the n-th datagram (from 0) that arrives, or of its answer. */
export interface Faults {
  readonly dropUp?: (arrival: number) => boolean;
  readonly dropDown?: (arrival: number) => boolean;
  readonly copiesUp?: (arrival: number) => number;
  readonly copiesDown?: (arrival: number) => number;
  readonly delayMs?: (arrival: number) => number;
  readonly spoil?: (arrival: number, answer: Buffer) => void;
}

/** A UDP target with its own count of what it did. */
export interface UdpTarget extends AsyncDisposable {
  readonly port: number;
  readonly ledger: { arrived: number; droppedUp: number; droppedDown: number; copiesUp: number; copiesDown: number };
}

/** How a UDP target makes its answers. */
export type Answering = "stateful" | "stateless" | "echo" | "plain";

/** A UDP reflector or echo that breaks its traffic by rule. */
export async function udpTarget(answering: Answering, faults: Faults = {}): Promise<UdpTarget> {
  const ledger = { arrived: 0, droppedUp: 0, droppedDown: 0, copiesUp: 0, copiesDown: 0 };
  const answered = new Map<string, number>();
  const wallNow = () => performance.timeOrigin + performance.now();
  const reflect = (data: Buffer, port: number, address: string): Buffer => {
    if (answering === "plain") return Buffer.from("ACK-UDP");
    const answer = Buffer.from(data);
    if (answering === "echo" || !isTestPacket(answer)) return answer;
    const session = `${address} ${port} ${data.readUInt16BE(14)}`;
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
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(from, data, port, address) {
        const arrival = ledger.arrived++;
        if (faults.dropUp?.(arrival)) {
          ledger.droppedUp++;
          return;
        }
        const copies = faults.copiesUp?.(arrival) ?? 1;
        ledger.copiesUp += copies - 1;
        for (let copy = 0; copy < copies; copy++) {
          const answer = reflect(data, port, address);
          faults.spoil?.(arrival, answer);
          if (faults.dropDown?.(arrival)) {
            ledger.droppedDown++;
            continue;
          }
          const copiesDown = faults.copiesDown?.(arrival) ?? 1;
          ledger.copiesDown += copiesDown - 1;
          const delay = faults.delayMs?.(arrival) ?? 0;
          const send = () => {
            for (let index = 0; index < copiesDown && !from.closed; index++) {
              try {
                from.send(answer, port, address);
              } catch {
                // Whoever asked has gone; the kernel says so at the next send.
              }
            }
          };
          if (delay > 0) setTimeout(send, delay);
          else send();
        }
      },
      error() {},
    },
  });
  return {
    port: socket.port,
    ledger,
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
 * A TCP server: `stamp` frames after the preface, an `echo`, a `plain` one that answers each chunk with ACK-TCP, one
 * that `closes` in place of every third answer, or one that is `mute`.
 */
export function tcpTarget(answering: "stamp" | "echo" | "plain" | "closes" | "mute"): TcpTarget {
  const accepted = { count: 0 };
  let chunks = 0;
  const listener = Bun.listen<{ held: Buffer; sequence: number }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        accepted.count++;
        socket.data = { held: Buffer.alloc(0), sequence: 0 };
      },
      data(socket, data) {
        if (answering === "mute") return;
        if (answering === "echo") socket.write(data);
        else if (answering === "stamp") reflectFrames(socket, data);
        else if (answering === "closes" && chunks++ % 3 === 2) socket.end();
        else socket.write("ACK-TCP");
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

function reflectFrames(socket: Bun.Socket<{ held: Buffer; sequence: number }>, data: Buffer): void {
  let bytes = Buffer.concat([socket.data.held, data]);
  if (bytes.length >= STAMP_PREFACE.length && bytes.toString("latin1", 0, STAMP_PREFACE.length) === STAMP_PREFACE) {
    bytes = bytes.subarray(STAMP_PREFACE.length);
  }
  while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
    const end = 2 + bytes.readUInt16BE(0);
    const frame = Buffer.from(bytes.subarray(0, end));
    const now = performance.timeOrigin + performance.now();
    writeAnswer(frame, { sequence: socket.data.sequence++, receivedAt: now, sentAt: now }, 2);
    socket.write(frame);
    bytes = bytes.subarray(end);
  }
  socket.data.held = Buffer.from(bytes);
}

/** A UDP port on which nothing listens: one that was free a moment ago. */
export async function deadUdpPort(): Promise<number> {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  const { port } = socket;
  socket.close();
  return port;
}

/** A TCP port on which nothing listens. */
export function deadTcpPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}
