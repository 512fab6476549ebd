/**
 * A reflector that lies: every tenth answer is false, or a false one follows it. The answers count as what they are, no
 * direction has more losses than there were, and every number of the report is finite.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import { runLoad } from "../../src/load/run.ts";
import { balanced } from "./support/sums.ts";
import { type Faults, udpTarget } from "./support/targets.ts";

// Each run waits for its lost packets, so the runs are concurrent, but not so many that they delay each other's answers.
setDefaultTimeout(60_000);
const MAX_CONCURRENT = 8;

const COUNT = 300;
const RATE = 300;
/** A packet that is so many numbers ahead is not sent yet: it leaves 0.8 s later. */
const AHEAD = 250;
/** The first answers are not lost, because one of them is replayed. */
const FIRST = 10;

/** Offsets in an answer (RFC 8762 section 4.3.1). */
const [SEQUENCE, SENT_AT, ESTIMATE, SSID, RECEIVED_AT] = [0, 4, 12, 14, 16] as const;
const [SENDER_SEQUENCE, SENDER_SENT_AT] = [24, 28] as const;

/** NTP seconds of 1970, the last ones before the era that begins in 2036, and the first ones of that era. */
const [YEAR_1970, BEFORE_2036, AFTER_2036] = [2_208_988_800, 2 ** 32 - 1, 5] as const;

/** Changes an answer in place; `first` is the first answer of the run. */
type Lie = (answer: Buffer, first: Buffer) => unknown;

function shift(at: number, by: number): Lie {
  return (answer) => answer.writeUInt32BE((answer.readUInt32BE(at) + by) >>> 0, at);
}

/** Sets the seconds of timestamps. */
function stamp(seconds: number, ...offsets: readonly number[]): Lie {
  return (answer) => offsets.map((at) => answer.writeUInt32BE(seconds, at));
}

function all(...lies: readonly Lie[]): Lie {
  return (answer, first) => lies.map((lie) => lie(answer, first));
}

const otherId: Lie = (answer) => answer.writeUInt16BE((answer.readUInt16BE(SSID) % 0xffff) + 1, SSID);
const otherSession = all(otherId, shift(SENDER_SEQUENCE, 3_000_000), stamp(YEAR_1970, SENDER_SENT_AT));
const beforeTheQuestion = all(shift(SEQUENCE, AHEAD), shift(SENDER_SEQUENCE, AHEAD), shift(SENDER_SENT_AT, 1));
const replay: Lie = (answer, first) => answer.set(first);
const garbage: Lie = (answer) => answer.fill(0xff);

/** What the target did: packets lost in each direction, and false answers sent. */
interface Truth {
  readonly up: number;
  readonly down: number;
  readonly lies: number;
}

const waiting: (() => void)[] = [];
let running = 0;

/** Resolves when fewer than `MAX_CONCURRENT` runs are under way; the result ends the turn. */
async function turn(): Promise<Disposable> {
  while (running >= MAX_CONCURRENT) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  return {
    [Symbol.dispose]() {
      running--;
      waiting.shift()?.();
    },
  };
}

/** Runs against a reflector that loses 10 % in each direction, but no false answer and not the first one. */
async function runOn(lie: Lie, mode: "instead" | "also"): Promise<{ report: RunReport; truth: Truth }> {
  using _turn = await turn();
  const [drawUp, drawDown] = [random(8, "up"), random(8, "down")];
  let [first, lies]: [Buffer | undefined, number] = [undefined, 0];
  const isLie = (arrival: number) => arrival % 10 === 5;
  const falsify = (arrival: number, answer: Buffer) => {
    first ??= Buffer.from(answer);
    if (!isLie(arrival)) return undefined;
    lies++;
    lie(answer, first);
    return answer;
  };
  const faults: Faults = {
    dropUp: () => drawUp() < 0.1,
    dropDown: (arrival) => drawDown() < 0.1 && !isLie(arrival) && arrival > FIRST,
    ...(mode === "instead"
      ? { modify: falsify }
      : { addition: (arrival, answer) => falsify(arrival, Buffer.from(answer)) }),
  };
  await using target = await udpTarget("stateful", faults);
  const run = runLoad({
    protocol: "udp",
    target: `127.0.0.1:${target.port}`,
    control: false,
    rate: RATE,
    count: COUNT,
    timeout: 0.5,
    wait: 1,
    seed: 3,
  });
  const report = balanced(await run.report);
  return { report, truth: { up: target.counts.droppedUp, down: target.counts.droppedDown, lies } };
}

/** Every number in a value, by its path. */
function numbersIn(value: unknown, path = "report"): [path: string, number: number][] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

/** Expected counts beyond the losses that the target caused. */
type Counts = Readonly<{ corrupt?: number; duplicate?: number; unknown?: number; lost?: number }>;

/** Checks a run against the truth and the counts that the lie adds. */
function check({ report, truth }: Awaited<ReturnType<typeof runOn>>, counts: Counts): void {
  const { packets, errors } = report;
  const { corrupt = 0, duplicate = 0, unknown = 0, lost = 0 } = counts;
  expect(truth.lies).toBeGreaterThan(20);
  expect({
    ...packets,
    unknown: errors["unknown-answer"] ?? 0,
    arrived: packets.answered + packets.late,
  }).toMatchObject({
    sent: COUNT,
    arrived: COUNT - truth.up - truth.down - corrupt - lost,
    lost: truth.up + truth.down + lost,
    corrupt,
    duplicate,
    unknown,
  });
  // A false answer in place of the true one is a loss downstream.
  expect(packets.lostUp).toBeLessThanOrEqual(truth.up);
  expect(packets.lostDown).toBeLessThanOrEqual(truth.down + truth.lies);
  expect(numbersIn(report).filter(([, number]) => !Number.isFinite(number))).toEqual([]);
  expect(report.responseTime.min ?? 0).toBeGreaterThan(0);
}

describe("false answers in place of the true ones", () => {
  test.concurrent.each<[what: string, lie: Lie, counts: (lies: number) => Counts]>([
    ["the reflector's number is far in the future", shift(SEQUENCE, 1_000_000), () => ({})],
    ["the reflector's number is one too high", shift(SEQUENCE, 1), () => ({})],
    ["the reflector's number is the highest", (answer) => answer.writeUInt32BE(2 ** 32 - 1, SEQUENCE), () => ({})],
    ["for a packet that is not sent yet", shift(SENDER_SEQUENCE, AHEAD), (corrupt) => ({ corrupt })],
    ["a replay of the first answer", replay, (lies) => ({ duplicate: lies, lost: lies })],
    ["with another session id", otherId, (corrupt) => ({ corrupt })],
    ["another session's answers", otherSession, (lies) => ({ unknown: lies, lost: lies })],
    ["octets that are no answer", garbage, (corrupt) => ({ corrupt })],
    ["a clock of 1970", stamp(YEAR_1970, SENT_AT, RECEIVED_AT), () => ({})],
    ["a clock at the end of the NTP era", stamp(BEFORE_2036, SENT_AT, RECEIVED_AT), () => ({})],
    ["a clock after 2036, in the next NTP era", stamp(AFTER_2036, SENT_AT, RECEIVED_AT), () => ({})],
    ["received in 1970, sent today", stamp(YEAR_1970, RECEIVED_AT), (corrupt) => ({ corrupt })],
    ["received today, sent after 2036", stamp(AFTER_2036, SENT_AT), (corrupt) => ({ corrupt })],
    ["sent one second before they were received", shift(RECEIVED_AT, 1), () => ({})],
    ["an error estimate of 0", (answer) => answer.fill(0, ESTIMATE, ESTIMATE + 2), () => ({})],
    ["the largest error estimate", (answer) => answer.fill(0xff, ESTIMATE, ESTIMATE + 2), () => ({})],
  ])("%s", async (_what, lie, counts) => {
    const run = await runOn(lie, "instead");
    check(run, counts(run.truth.lies));
  });
});

describe("false answers beside the true ones", () => {
  test.concurrent.each<[what: string, lie: Lie, counts: (lies: number) => Counts]>([
    ["answers before the question", beforeTheQuestion, (unknown) => ({ unknown })],
    ["another session's answers", otherSession, (unknown) => ({ unknown })],
    ["replays of the first answer", replay, (duplicate) => ({ duplicate })],
    ["copies with numbers of the future", shift(SEQUENCE, 1_000_000), (duplicate) => ({ duplicate })],
    ["copies with a clock of 1970", stamp(YEAR_1970, SENT_AT, RECEIVED_AT), (duplicate) => ({ duplicate })],
    // Octets that identify no packet are taken for damaged answers to as many of the packets that have none.
    ["octets that are no answer", garbage, (lies) => ({ corrupt: lies, lost: -lies })],
  ])("%s", async (_what, lie, counts) => {
    const run = await runOn(lie, "also");
    check(run, counts(run.truth.lies));
  });
});
