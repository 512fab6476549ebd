/** Recomputes the counts of a report: packets by outcome, octets, errors, statuses. */
import type { RunReport } from "../../src/load/report/report.ts";
import { absent, derived, type Expectations, exact } from "./expected.ts";
import { byArrival, bySession, type Row, SENT } from "./rows.ts";

/** How many packets or events have a fate. */
function countOf(rows: readonly Row[], ...fates: string[]): number {
  return rows.filter(({ fate }) => fates.includes(fate)).reduce((total, { count }) => total + count, 0);
}

/** Answers that arrive after an answer to a later packet of their session (RFC 4737). */
function reordered(rows: readonly Row[]): number {
  const answers = rows.filter(({ fate }) => fate === "answered" || fate === "late");
  let count = 0;
  for (const session of bySession(answers)) {
    let expected = 0;
    for (const { sequence } of byArrival(session)) {
      if (sequence < expected) count++;
      else expected = sequence + 1;
    }
  }
  return count;
}

/** Lost packets and corrupt ones: as many lost packets as there are unidentified answers count as corrupt. */
export function lostAndCorrupt(rows: readonly Row[]): { lost: number; corrupt: number } {
  const lost = countOf(rows, "lost");
  const moved = Math.min(lost, countOf(rows, "unidentified"));
  return { lost: lost - moved, corrupt: countOf(rows, "corrupt") + moved };
}

/** Codes with their numbers. */
function tally(codes: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

/** What the reflector's numbers say about the losses of one session or, added up, of all of them. */
interface Numbers {
  /** Numbers up to the highest one for which no packet has an answer. */
  readonly missing: number;
  /** Packets without an answer up to the one whose answer has the highest number. */
  readonly lostBefore: number;
  /** Of these, the ones that may have reached the reflector after that packet, because packets overtook each other. */
  readonly uncertain: number;
  /** Answers to copies that were made upstream. */
  readonly copies: number;
}

/** By how many packets one was overtaken upstream: the order of the reflector's numbers, against the order of sending. */
function overtaking(numbered: readonly Row[]): number {
  let [most, highest, latest] = [0, { reflected: -1, sequence: 0 }, 0];
  for (const { reflected = 0, sequence } of numbered.toSorted((a, b) => (a.received ?? 0) - (b.received ?? 0))) {
    most = Math.max(most, reflected < highest.reflected ? sequence - highest.sequence : latest - sequence);
    latest = Math.max(latest, sequence);
    if (reflected > highest.reflected) highest = { reflected, sequence };
  }
  return most;
}

/** The answers of one session to copies that were made upstream: each has a number that no earlier answer had. */
function copiesUpstream(session: readonly Row[]): Set<Row> {
  const copies = new Set<Row>();
  const numbers = new Map<number, Set<number | undefined>>();
  for (const row of session) {
    if (row.arrival !== undefined) numbers.set(row.sequence, new Set([row.reflected]));
  }
  // A damaged answer has no number.
  const further = session.filter(({ fate, reflected }) => fate === "duplicate" && reflected !== undefined);
  for (const row of further.toSorted((a, b) => (a.received ?? 0) - (b.received ?? 0))) {
    const known = numbers.get(row.sequence);
    if (known === undefined) numbers.set(row.sequence, new Set([row.reflected]));
    else if (!known.has(row.reflected)) copies.add(row);
    known?.add(row.reflected);
  }
  return copies;
}

/** Expectations of the duplicates by place. */
function duplicatePlaces(rows: readonly Row[], { evidence }: RunReport, expected: Expectations): void {
  const total = countOf(rows, "duplicate");
  const isNumbered =
    evidence.kind === "lab" ||
    rows.some(({ reflected, sequence }) => reflected !== undefined && reflected !== sequence % 2 ** 32);
  const up = bySession(rows.filter(({ session }) => session >= 0)).reduce(
    (all, session) => all + copiesUpstream(session).size,
    0,
  );
  expected.set("duplicates.up", exact(isNumbered ? up : 0));
  expected.set("duplicates.down", exact(isNumbered ? total - up : 0));
  expected.set("duplicates.unexplained", exact(isNumbered ? 0 : total));
}

function numbersOf(session: readonly Row[]): Numbers {
  const copied = copiesUpstream(session);
  const isCopy = (row: Row) => copied.has(row);
  const numbered = session.filter((row) => row.reflected !== undefined && (row.fate !== "duplicate" || isCopy(row)));
  // An answer after the waiting time leaves its packet lost, and its number is missing.
  const arrived = numbered.filter(({ fate }) => fate !== "unknown-answer").length;
  const copies = numbered.filter(isCopy).length;
  const last = numbered.toSorted((a, b) => (b.reflected ?? 0) - (a.reflected ?? 0))[0];
  if (last === undefined) return { missing: 0, lostBefore: 0, uncertain: 0, copies };
  const lost = session.filter(
    ({ fate, sequence, octetsSent }) => fate === "lost" && sequence <= last.sequence && octetsSent > 0,
  );
  const most = overtaking(numbered);
  const uncertain = most === 0 ? 0 : lost.filter(({ sequence }) => sequence >= last.sequence - most).length;
  return { missing: (last.reflected ?? 0) + 1 - arrived, lostBefore: lost.length, uncertain, copies };
}

/** The losses by direction, from a stateful reflector's sequence numbers: in each direction those that are certain. */
function byReflector(rows: readonly Row[], lost: number, corrupt: number): [up: number, down: number] {
  const sessions = bySession(rows.filter(({ session }) => session >= 0)).map(numbersOf);
  const total = (name: keyof Numbers) => sessions.reduce((all, numbers) => all + numbers[name], 0);
  const missing = Math.max(0, total("missing"));
  const uncounted = corrupt + countOf(rows, "unknown-answer");
  const down = total("copies") > 0 ? 0 : Math.max(0, Math.min(missing - uncounted, lost, total("lostBefore")));
  return [Math.max(0, Math.min(total("lostBefore") - missing - total("uncertain"), lost - down)), down];
}

/** Sources of directions that are not in the file. */
const ELSEWHERE: Readonly<Partial<Record<RunReport["evidence"]["kind"], string>>> = {
  lab: "the lab's session summary",
  relay: "the relay's counts",
};

/** Expectations of the losses by direction. */
function directions(rows: readonly Row[], { evidence }: RunReport, expected: Expectations): void {
  const { lost, corrupt } = lostAndCorrupt(rows);
  expected.set("packets.lostUp + lostDown + unexplained", exact(lost));
  const set = (up: number, down: number, droppedUp: number, droppedDown: number) => {
    expected.set("packets.lostUp", exact(up));
    expected.set("packets.lostDown", exact(down));
    expected.set("packets.droppedUp", exact(droppedUp));
    expected.set("packets.droppedDown", exact(droppedDown));
    expected.set("packets.unexplained", exact(lost - up - down));
  };
  const source = ELSEWHERE[evidence.kind];
  if (source !== undefined) {
    for (const name of ["lostUp", "lostDown", "droppedUp", "droppedDown", "unexplained"]) {
      expected.set(`packets.${name}`, absent(`counts by direction come from ${source}`));
    }
  } else if (evidence.kind === "reflector") {
    const [up, down] = byReflector(rows, lost, corrupt);
    set(up, down, 0, 0);
  } else {
    const up = Math.min(lost, rows.filter(({ dropped }) => dropped === "up").length);
    const down = Math.min(lost - up, rows.filter(({ dropped }) => dropped === "down").length);
    set(up, down, up, down);
  }
}

/** Expectations of all counts. */
export function countExpectations(rows: readonly Row[], report: RunReport): Expectations {
  const expected: Expectations = new Map();
  const { lost, corrupt } = lostAndCorrupt(rows);
  const sent = countOf(rows, ...SENT);
  const unsent = countOf(rows, "unsent", "unreached");
  const refused = countOf(rows, "refused");
  const counts = {
    planned: sent + unsent + refused,
    sent,
    unsent,
    refused,
    answered: countOf(rows, "answered"),
    lost,
    late: countOf(rows, "late"),
    failed: countOf(rows, "failed"),
    corrupt,
    duplicate: countOf(rows, "duplicate"),
    reordered: report.plan?.mode === "stamp" ? reordered(rows) : 0,
  };
  for (const [name, count] of Object.entries(counts)) expected.set(`packets.${name}`, exact(count));
  directions(rows, report, expected);
  duplicatePlaces(rows, report, expected);
  const { durationSeconds: seconds } = report;
  const offered = report.plan?.rate === "max" ? null : seconds > 0 ? counts.planned / seconds : 0;
  expected.set("rate.offered", derived(offered));
  expected.set("rate.achieved", derived(seconds > 0 ? sent / seconds : 0));
  expected.set("bytes.sent", exact(rows.reduce((total, { octetsSent }) => total + octetsSent, 0)));
  expected.set("bytes.received", exact(rows.reduce((total, { octetsReceived }) => total + octetsReceived, 0)));
  const codes = rows.flatMap(({ error }) => (error === "" ? [] : [error]));
  const unknown = rows.filter(({ fate }) => fate === "unknown-answer").map(({ fate }) => fate);
  for (const [code, count] of tally([...codes, ...unknown])) expected.set(`errors.${code}`, exact(count));
  const statuses = rows.flatMap(({ status }) => (status === undefined ? [] : [`${status}`]));
  for (const [status, count] of tally(statuses)) expected.set(`statuses.${status}`, exact(count));
  expected.set("packetLog.rows", exact(rows.filter(({ fate }) => fate !== "omitted").length));
  expected.set("packetLog.omitted", exact(countOf(rows, "omitted")));
  return expected;
}
