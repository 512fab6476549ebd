/**
 * The balance of the soak's packets: each packet that was sent has one outcome, which the senders and the lab count
 * independently of each other.
 */

import { formatCount } from "../../src/base/format.ts";
import { CLASSICS, type Protocol } from "../../src/base/protocol.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import type { PacketCounts } from "../../src/load/report/report-packets.ts";
import { UNKNOWN_ANSWER } from "../../src/load/report/report-packets.ts";
import { CUT_OFF, NO_CONNECTION } from "../../src/load/send/stamp/stream-client.ts";
import { DROP_REASONS, type DropReason } from "../../src/metrics/counters.ts";
import { outside, type Series } from "./checks.ts";

/** The counts of all reports of one protocol. */
export interface Totals extends Readonly<Record<keyof PacketCounts, number>> {
  /** TCP: packets sent on connections after the last answered one, when these closed, and packets without a connection. */
  readonly withConnection: number;
  /** UDP: answers that the kernel dropped at the sender's receive buffer, and answers that came after the waiting time. */
  readonly unread: number;
  /** Packets of reports whose losses have no direction, because the lab's summary could not be used. */
  readonly undirected: number;
}

/** Faults that drop a packet, by direction: a reset drops the answer. */
const FAULTS_UP: readonly DropReason[] = ["fault-up"];
const FAULTS_DOWN: readonly DropReason[] = ["fault-down", "fault-reset"];

/** The sums of the counts of the protocol's reports. */
export function addUp(reports: readonly RunReport[], protocol: Protocol): Totals {
  const own = reports.filter((report) => report.protocol === protocol);
  const sumOf = (read: (report: RunReport) => number) => own.reduce((sum, report) => sum + read(report), 0);
  const count = (name: keyof PacketCounts) => sumOf(({ packets }) => packets[name]);
  const error = (code: string) => sumOf(({ errors }) => errors[code] ?? 0);
  return {
    planned: count("planned"),
    sent: count("sent"),
    unsent: count("unsent"),
    refused: count("refused"),
    answered: count("answered"),
    lost: count("lost"),
    lostUp: count("lostUp"),
    lostDown: count("lostDown"),
    droppedUp: count("droppedUp"),
    droppedDown: count("droppedDown"),
    late: count("late"),
    duplicate: count("duplicate"),
    reordered: count("reordered"),
    corrupt: count("corrupt"),
    failed: count("failed"),
    unexplained: count("unexplained"),
    withConnection: error(CUT_OFF) + error(NO_CONNECTION),
    unread: sumOf(({ loss }) => loss.places.ownBuffer ?? 0) + error(UNKNOWN_ANSWER),
    undirected: sumOf(({ packets, evidence }) => (evidence.kind === "lab" ? 0 : packets.sent)),
  };
}

/** Where the packets of one protocol are, by the counters of the lab and the answers of the senders. */
export interface Balance {
  /** Packets that the lab did not receive. */
  readonly unreceived: number;
  /** Packets that the lab's faults dropped. */
  readonly faultsUp: number;
  readonly faultsDown: number;
  /** Packets that the lab dropped for another reason, such as `peer-gone`. */
  readonly others: number;
  /** Packets whose answer the sender has. */
  readonly arrived: number;
  /** Packets that the lab answered and whose answer the sender does not have, or has after its waiting time. */
  readonly undelivered: number;
  /** Packets that a fault copied upstream, which the lab counts as packets of their own. Their losses are of no packet sent. */
  readonly copies: number;
}

/** The packets of one protocol by where they are. HTTP answers a dropped packet with 503. */
export function balanceOf(protocol: Protocol, totals: Totals, series: Series): Balance {
  const drops = (reason: DropReason) => series.get("wirelab_drops_total", { protocol, reason });
  const sumOf = (reasons: readonly DropReason[]) => reasons.reduce((sum, reason) => sum + drops(reason), 0);
  const others = DROP_REASONS.filter((reason) => !FAULTS_UP.includes(reason) && !FAULTS_DOWN.includes(reason));
  const arrived = totals.answered + totals.late + totals.failed + totals.corrupt;
  const copies = series.sum("wirelab_impairments_total", { protocol, kind: "duplicate", direction: "up" });
  return {
    unreceived: totals.sent + copies - series.get("packets_total", { protocol }),
    copies,
    faultsUp: sumOf(FAULTS_UP),
    faultsDown: sumOf(FAULTS_DOWN),
    others: sumOf(others),
    arrived,
    undelivered: series.get("response_time_seconds_count", { protocol }) - arrived,
  };
}

/** Whether the lab's counters agree with each other. */
function labDefects(protocol: Protocol, series: Series): string[] {
  const labels = { protocol };
  const packets = series.get("packets_total", labels);
  const dropped = series.get("dropped_packets_total", labels);
  const answered = series.get("response_time_seconds_count", labels);
  const byReason = series.sum("wirelab_drops_total", labels);
  const failed = series.get("wirelab_drops_total", { protocol, reason: "failed" });
  const errors = series.get("wirelab_rejected_total", { protocol, reason: "failed" });
  return [
    ...outside(`${protocol}: packets answered and dropped, of those received`, answered + dropped, packets, packets),
    ...outside(`${protocol}: drops by reason, of those dropped`, byReason, dropped, dropped),
    ...outside(`${protocol}: packets that failed in the lab`, failed, 0, 0),
    ...outside(`${protocol}: internal errors`, errors, 0, 0),
  ];
}

/**
 * HTTP: a request without a response within the waiting time closes its connection. If packets are late, the machine is too
 * slow for the rate: the lab then may not have read the request. A 503 that comes later gives no direction.
 */
function httpDefects({ unreceived, faultsUp, faultsDown }: Balance, totals: Totals): string[] {
  const { droppedUp, droppedDown, late, unexplained: unread } = totals;
  return [
    ...outside("http: packets that the lab did not receive", unreceived, 0, late === 0 ? 0 : unread),
    ...outside("http: packets that faults dropped upstream", faultsUp, droppedUp, droppedUp + unread),
    ...outside("http: packets that faults dropped downstream", faultsDown, droppedDown, droppedDown + unread),
    ...outside("http: packets that faults dropped", faultsUp + faultsDown, 0, droppedUp + droppedDown + unread),
  ];
}

/** TCP and UDP: the reports name the direction of each loss, from the lab's summaries of their sessions. */
function stampDefects(protocol: Protocol, balance: Balance, totals: Totals, series: Series): string[] {
  const { unreceived, faultsUp, faultsDown, others, undelivered, copies } = balance;
  const { lostUp, lostDown, droppedUp, droppedDown, unexplained, undirected } = totals;
  const equal = (what: string, value: number, expected: number) =>
    outside(`${protocol}: ${what}`, value, expected - undirected, expected + undirected);
  const downstream = (what: string, value: number, most: number) =>
    outside(`${protocol}: ${what}`, value, most - undirected - copies, most + undirected);
  const isTcp = protocol === "tcp";
  return [
    ...equal("packets that the lab did not receive, by the reports", lostUp - droppedUp, unreceived),
    ...equal("packets that faults dropped upstream, by the reports", droppedUp, faultsUp),
    ...downstream("packets that faults dropped downstream, by the reports", droppedDown, faultsDown),
    ...downstream(
      "other losses downstream, by the reports",
      lostDown - droppedDown,
      others + (isTcp ? 0 : undelivered),
    ),
    ...equal("unexplained losses, by the reports", unexplained, isTcp ? undelivered : 0),
    ...(isTcp ? connectionDefects(balance, totals) : bufferDefects(balance, totals, series)),
  ];
}

/**
 * TCP loses packets only with their connection. If packets are late, the machine is too slow for the rate: answers then also
 * come after the waiting time.
 */
function connectionDefects({ unreceived, others, undelivered }: Balance, totals: Totals): string[] {
  const { withConnection, late, undirected } = totals;
  const lost = unreceived + others + (late === 0 ? undelivered : 0);
  const what = "tcp: packets lost with their connection, of those unanswered when it closed";
  return outside(what, lost, 0, withConnection + undirected);
}

/**
 * UDP on loopback loses packets at the lab's full receive buffer only, and answers at the sender's, or if they are too damaged
 * to identify their packet.
 */
function bufferDefects(
  { unreceived, undelivered, copies }: Balance,
  { unread, late }: Totals,
  series: Series,
): string[] {
  const full = series.sum("wirelab_udp_receive_buffer_drops_total");
  const what = "udp: packets that the lab did not receive, of those dropped at its buffer";
  const lost = outside(what, unreceived, full, full);
  if (late > 0) return lost;
  const damaged = series.sum("wirelab_impairments_total", { protocol: "udp", kind: "corrupt" });
  const answers = "udp: answers that did not arrive, of those dropped, too late or damaged";
  return [...lost, ...outside(answers, undelivered, 0, unread + damaged + copies)];
}

/** Every difference between the counters of the lab, and between them and the reports of all packets that it was sent. */
export function balanceDefects(protocol: Protocol, totals: Totals, series: Series): string[] {
  const balance = balanceOf(protocol, totals, series);
  const own = protocol === "http" ? httpDefects(balance, totals) : stampDefects(protocol, balance, totals, series);
  return [...labDefects(protocol, series), ...own];
}

/** The balance in words: the terms on the right add up to the packets sent. */
export function balanceLine(protocol: Protocol, totals: Totals, series: Series): string {
  const { unreceived, faultsUp, faultsDown, others, arrived, undelivered, copies } = balanceOf(
    protocol,
    totals,
    series,
  );
  const { sent, late, failed, corrupt, withConnection } = totals;
  const terms: readonly (readonly [count: number, what: string])[] = [
    [arrived, `answered (${formatCount(late)} late, ${formatCount(failed)} failed, ${formatCount(corrupt)} corrupt)`],
    [faultsUp, "dropped by faults upstream"],
    [faultsDown, "dropped by faults downstream"],
    [others, "dropped because the peer had gone or for other reasons"],
    [undelivered, "answered without the sender having the answer in time"],
    [unreceived, "not received by the lab"],
  ];
  const sum = terms.map(([count, what]) => `${formatCount(count)} ${what}`).join(" + ");
  const closed =
    protocol === "tcp" ? `; ${formatCount(withConnection)} unanswered on connections when they closed` : "";
  const copied = copies > 0 ? ` + ${formatCount(copies)} copied upstream` : "";
  return `${protocol}: ${formatCount(sent)} sent${copied} = ${sum}${closed}`;
}

/** The defects of every protocol. */
export function allBalanceDefects(reports: readonly RunReport[], series: Series): string[] {
  return CLASSICS.flatMap((protocol) => balanceDefects(protocol, addUp(reports, protocol), series));
}
