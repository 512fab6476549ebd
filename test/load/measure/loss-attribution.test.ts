/** The direction of losses: from a lab's session summary, a reflector's sequence numbers or the target's header. */
import { describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { Counts } from "../../../src/load/measure/counts.ts";
import { LossAttribution } from "../../../src/load/measure/loss-attribution.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { SessionSummary } from "../../../src/load/measure/session-summary.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import { until } from "../../support/until.ts";
import { summaryOf } from "../support/summaries.ts";

const SSID = 7;
const PORT = 40_000;
const PORTS: ReadonlySet<number> = new Set([PORT]);

type Reply = Response | Promise<Response>;

/** A server in place of a lab: `reply` answers the n-th request, from 1. */
function startLab(reply: (n: number) => Reply) {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => reply(asked.push(new URL(request.url).pathname)),
  });
  return { asked, control: `127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

/** A session of this run: of 100 packets 5 did not arrive, 10 were dropped upstream and 12 downstream. */
function session(changes: Partial<SessionSummary> = {}): SessionSummary {
  return summaryOf({
    source: `127.0.0.1:${PORT}`,
    received: { unique: 95, duplicate: 0 },
    handled: 85,
    answered: 73,
    dropped: { up: 10, down: 12 },
    ...changes,
  });
}

function sessions(...list: SessionSummary[]): Response {
  return Response.json({ ssid: SSID, sessions: list });
}

const NO_LAB = { control: "127.0.0.1:1" }; // nothing listens on this port
const FAILED = () => Response.json({ sessions: [session()] }, { status: 500 });
const NOT_JSON = () => new Response("<html>");
const NO_REPLY = new Promise<Response>(() => {});

/** A clock that advances by `stepMs` at each reading: the 5 s of repeated requests pass in two readings. */
function fastClock(stepMs = 6000): Clock {
  let time = 0;
  return {
    now: () => {
      time += stepMs;
      return time;
    },
    wallAt: (now) => now,
  };
}

function attribution(options: Partial<LoadOptions>, clock: Clock = systemClock()) {
  return new LossAttribution(planRun({ protocol: "udp", timeout: 0.1, ...options }), clock, SSID);
}

function recorderOf(counts: Partial<Counts> = { sent: 100, lost: 30 }): Recorder {
  const recorder = new Recorder();
  Object.assign(recorder.counts, counts);
  return recorder;
}

/** The attribution at the end of a run with these options. */
async function attribute(options: Partial<LoadOptions>, recorder = recorderOf(), clock?: Clock) {
  const losses = attribution(options, clock);
  await losses.findLab();
  losses.start(recorder, PORTS);
  losses.stop();
  return losses.finalize(recorder);
}

/** A recorder that a stateful reflector answered: its numbers account for 8 losses downstream and 12 upstream. */
function reflected(lostBefore = 20): Recorder {
  const recorder = recorderOf();
  recorder.statefulAnswers = 70;
  Object.assign(recorder.reflector, { reflected: 78, arrived: 70, lostBefore });
  return recorder;
}

const BY_REFLECTOR = { evidence: "reflector", lostUp: 12, lostDown: 8, unexplained: 10, droppedUp: 0, droppedDown: 0 };
const UNKNOWN = { evidence: "none", lostUp: 0, lostDown: 0, unexplained: 30, droppedUp: 0, droppedDown: 0 };

describe("a lab is found", () => {
  test("where the control address answers /sessions/{ssid}", async () => {
    using lab = startLab(() => sessions());
    expect(await attribution({ control: lab.control }).findLab()).toBe(true);
    expect(lab.asked).toEqual([`/sessions/${SSID}`]);
  });

  test("at the second request if the first fails", async () => {
    using lab = startLab((n) => (n === 1 ? FAILED() : sessions()));
    expect(await attribution({ control: lab.control }).findLab()).toBe(true);
  });

  test.each<[string, () => Reply]>([
    ["an error", FAILED],
    ["no JSON", NOT_JSON],
    ["null", () => Response.json(null)],
    ["a list", () => Response.json([])],
    ["no list of sessions", () => Response.json({ sessions: 7 })],
  ])("not where the answer is %s", async (_, reply) => {
    using lab = startLab(reply);
    expect(await attribution({ control: lab.control }).findLab()).toBe(false);
    expect(lab.asked).toHaveLength(2);
  });

  test("not where nothing listens", async () => {
    expect(await attribution(NO_LAB).findLab()).toBe(false);
  });

  test.each<Partial<LoadOptions>>([{ protocol: "http" }, { mode: "plain" }, { control: false }])(
    "not with %j: no request is sent",
    async (options) => {
      using lab = startLab(() => sessions());
      expect(await attribution({ control: lab.control, ...options }).findLab()).toBe(false);
      expect(lab.asked).toEqual([]);
    },
  );
});

describe("with a lab", () => {
  test("what it did not handle was lost upstream, what it handled and did not arrive, downstream", async () => {
    using lab = startLab(() => sessions(session()));
    expect(await attribute({ control: lab.control })).toEqual({
      evidence: "lab",
      lostUp: 15,
      lostDown: 15,
      unexplained: 0,
      droppedUp: 10,
      droppedDown: 12,
      heldByLab: 0,
    });
  });

  test("several sessions of the run add up; other ports and protocols are left out", async () => {
    const half = session({ handled: 45, answered: 40, dropped: { up: 5, down: 5 } });
    const foreign = session({ source: "127.0.0.1:1", handled: 1000, answered: 1000 });
    const tcp = session({ protocol: "tcp", handled: 1000, answered: 1000 });
    using lab = startLab(() => sessions(foreign, half, tcp, half));
    expect(await attribute({ control: lab.control })).toMatchObject({
      lostUp: 10,
      lostDown: 20,
      droppedUp: 10,
      droppedDown: 10,
    });
  });

  test("behind an address translation the session id is enough", async () => {
    using lab = startLab(() => sessions(session({ source: "[2001:db8::7]:1" })));
    expect(await attribute({ control: lab.control })).toMatchObject({ evidence: "lab", lostUp: 15, lostDown: 15 });
  });

  test("a late answer is used", async () => {
    using lab = startLab(async (n) => {
      if (n > 1) await Bun.sleep(300);
      return sessions(session());
    });
    expect(await attribute({ control: lab.control })).toMatchObject({ evidence: "lab", lostUp: 15, lostDown: 15 });
  });

  test("it is asked again while it holds packets back, and while its answer is no summary", async () => {
    using lab = startLab((n) => {
      if (n === 2) return NOT_JSON();
      return sessions(n === 3 ? session({ answered: 60 }) : session());
    });
    expect(await attribute({ control: lab.control })).toMatchObject({
      evidence: "lab",
      heldByLab: 0,
      lostUp: 15,
      lostDown: 15,
    });
    expect(lab.asked).toHaveLength(4);
  });

  test("packets that it still holds back after the last request are reported", async () => {
    using lab = startLab(() => sessions(session({ answered: 60 })));
    expect(await attribute({ control: lab.control }, recorderOf(), fastClock())).toMatchObject({
      evidence: "lab",
      heldByLab: 13,
    });
  });

  test.concurrent.each<[string, (n: number) => Reply]>([
    ["has restarted", (n) => (n === 1 ? sessions(session()) : sessions())],
    ["handled fewer packets than came back", () => sessions(session({ handled: 69 }))],
    ["answers without JSON", (n) => (n === 1 ? sessions() : NOT_JSON())],
    ["answers with an error", (n) => (n === 1 ? sessions() : FAILED())],
    ["does not answer within two seconds", (n) => (n === 1 ? sessions() : NO_REPLY)],
  ])("the reflector's numbers are used instead where it %s", async (_, reply) => {
    using lab = startLab(reply);
    expect(await attribute({ control: lab.control }, reflected(), fastClock())).toMatchObject(BY_REFLECTOR);
    expect(lab.asked.length).toBeGreaterThan(1);
  });

  test.concurrent("it is asked every two seconds by a run that follows its losses", async () => {
    using lab = startLab(() => sessions(session()));
    const clock = systemClock();
    const losses = attribution({ control: lab.control, follow: true }, clock);
    const recorder = recorderOf({ sent: 100 });
    await losses.findLab();
    losses.start(recorder, PORTS);
    for (let packet = 0; packet < 30; packet++) recorder.countLost(clock.now());
    expect(losses.interim).toMatchObject({ evidence: "lab", lostUp: 0, lostDown: 0, unexplained: 0 });
    const known = await until(() => losses.interim.lostUp > 0 && losses.interim, "the first summary", 10_000);
    expect(known).toMatchObject({ lostUp: 15, lostDown: 15, unexplained: 0, droppedUp: 10, droppedDown: 12 });
    losses.stop();
  }, 15_000);
});

describe("without a lab", () => {
  test("a stateful reflector's numbers give the direction up to its last answer", async () => {
    expect(await attribute(NO_LAB, reflected())).toMatchObject(BY_REFLECTOR);
    expect(await attribute(NO_LAB, reflected(5))).toMatchObject({ lostUp: 0, lostDown: 5, unexplained: 25 });
  });

  test("plain text and echoes give none", async () => {
    expect(await attribute({ ...NO_LAB, mode: "plain" }, reflected())).toMatchObject(UNKNOWN);
    expect(await attribute(NO_LAB)).toMatchObject(UNKNOWN);
  });

  test("HTTP uses the header of each response", async () => {
    const reported = recorderOf({ sent: 100, lost: 30, reportedUp: 9, reportedDown: 11 });
    const byTarget = { evidence: "target", lostUp: 9, lostDown: 11, unexplained: 10, droppedUp: 9, droppedDown: 11 };
    expect(await attribute({ protocol: "http" }, reported)).toMatchObject(byTarget);
    expect(await attribute({ protocol: "http" })).toMatchObject(UNKNOWN);
  });
});

describe("while the run lasts", () => {
  test("losses have no direction where there is no lab", async () => {
    const losses = attribution(NO_LAB);
    expect(losses.interim).toMatchObject({ ...UNKNOWN, unexplained: 0 });
    losses.start(recorderOf(), PORTS);
    expect(losses.interim).toMatchObject(UNKNOWN);
  });

  test("HTTP uses the headers so far", () => {
    const losses = attribution({ protocol: "http" });
    losses.start(recorderOf({ sent: 10, lost: 3, reportedUp: 1, reportedDown: 2 }), PORTS);
    expect(losses.interim).toMatchObject({ evidence: "target", lostUp: 1, lostDown: 2, unexplained: 0 });
  });
});
