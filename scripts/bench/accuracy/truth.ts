/** The truth about a run over the lossy link: what happened to each packet, from the link's log of every datagram. */

/** A datagram in the link's log (`test/support/link --log`). */
export interface LoggedPacket {
  readonly direction: "up" | "down";
  /** When it was sent, monotonic s. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** The first octets of its payload, in hexadecimal. */
  readonly octets: string;
  /** When each copy was delivered, monotonic s. */
  readonly delivered: readonly number[];
}

/** The counts of packets that a report has, and those of copies and packets at the reflector. */
export interface Truth {
  readonly sent: number;
  readonly answered: number;
  readonly lostUp: number;
  readonly lostDown: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  /** Copies of packets, beyond the first, that reached the reflector. */
  readonly duplicateUp: number;
  /** Answers that came so close to one of the limits that the sender's clock may decide otherwise. */
  readonly unclear: number;
}

/** The sender's limits, s: an answer is late after `timeout`, and its packet lost after `wait`. */
export interface Limits {
  readonly timeout: number;
  readonly wait: number;
}

/** How close to a limit an answer is unclear, s. */
const CLOSE = 0.8;

/** Offsets of sequence numbers in the octets of a packet, in hexadecimal digits (RFC 8762 sections 4.2.1, 4.3.1). */
const SEQUENCE = [0, 8] as const;
const SENDER_SEQUENCE = [48, 56] as const;
/** The octets that are zero in a test packet; a reflector writes its receive time there. */
const RECEIVED_AT = [32, 48] as const;

/** One packet of the sender. */
interface Fate {
  readonly number: number;
  readonly port: number;
  readonly at: number;
  /** Copies that reached the reflector. */
  readonly reached: number;
  /** When its answers were delivered to the sender. */
  readonly answers: number[];
}

const keyOf = (port: number, sequence: string) => `${port} ${sequence}`;

/** The number of the packet that a datagram of the target answers; an echo returns the packet itself. */
function answeredNumber({ octets }: LoggedPacket): string {
  const isEcho = /^0*$/.test(octets.slice(...RECEIVED_AT));
  return octets.slice(...(isEcho ? SEQUENCE : SENDER_SEQUENCE));
}

function fatesOf(log: readonly LoggedPacket[], targetPort: number): Fate[] {
  const fates = new Map<string, Fate>();
  for (const { direction, at, from, to, octets, delivered } of log) {
    if (direction !== "up" || to !== targetPort) continue;
    const sequence = octets.slice(...SEQUENCE);
    const number = Number.parseInt(sequence, 16);
    fates.set(keyOf(from, sequence), { number, port: from, at, reached: delivered.length, answers: [] });
  }
  for (const packet of log) {
    if (packet.direction !== "down" || packet.from !== targetPort) continue;
    fates.get(keyOf(packet.to, answeredNumber(packet)))?.answers.push(...packet.delivered);
  }
  return [...fates.values()];
}

/** RFC 4737 section 3.3: a packet is reordered if its number is below the next expected one of its session. */
function countReordered(firstAnswers: readonly { readonly fate: Fate; readonly at: number }[]): number {
  const expected = new Map<number, number>();
  let reordered = 0;
  for (const { fate } of firstAnswers.toSorted((one, other) => one.at - other.at)) {
    if (fate.number < (expected.get(fate.port) ?? 0)) reordered++;
    else expected.set(fate.port, fate.number + 1);
  }
  return reordered;
}

/**
 * Counts what happened to the packets sent to `targetPort`. A packet that reached the reflector but was not answered
 * counts as lost upstream, because it was lost before the reflector processed it.
 * An answer after the waiting time counts as lost downstream.
 */
export function truthOf(log: readonly LoggedPacket[], targetPort: number, { timeout, wait }: Limits): Truth {
  const answeredDown = new Set(
    log
      .filter(({ direction, from }) => direction === "down" && from === targetPort)
      .map((packet) => keyOf(packet.to, answeredNumber(packet))),
  );
  const fates = fatesOf(log, targetPort);
  const delayOf = ({ at, answers }: Fate) => Math.min(...answers) - at; // infinite without answers
  const firstAnswers = fates
    .filter((fate) => delayOf(fate) <= wait)
    .map((fate) => ({ fate, at: Math.min(...fate.answers) }));
  const late = firstAnswers.filter(({ fate }) => delayOf(fate) > timeout).length;
  const lost = fates.filter((fate) => delayOf(fate) > wait);
  const isClose = (delay: number) => [timeout, wait].some((limit) => Math.abs(delay - limit) < CLOSE);
  const wasReflected = ({ port, number }: Fate) => answeredDown.has(keyOf(port, number.toString(16).padStart(8, "0")));
  const lostDown = lost.filter(wasReflected).length;
  return {
    sent: fates.length,
    answered: firstAnswers.length - late,
    lostUp: lost.length - lostDown,
    lostDown,
    late,
    duplicate: firstAnswers.reduce((copies, { fate }) => copies + fate.answers.length - 1, 0),
    reordered: countReordered(firstAnswers),
    unclear: fates.filter((fate) => isClose(delayOf(fate))).length,
    duplicateUp: fates.reduce((copies, { reached }) => copies + Math.max(0, reached - 1), 0),
  };
}
