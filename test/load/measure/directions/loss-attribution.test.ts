/** The direction of losses: from a lab's session summary, a reflector's sequence numbers or the target's header. */
import { describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import type { Counts } from "../../../../src/load/measure/counts.ts";
import { LossAttribution } from "../../../../src/load/measure/directions/loss-attribution.ts";
import type { LabSummary, SessionSummary } from "../../../../src/load/measure/directions/session-summary.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import type { LoadOptions } from "../../../../src/load/plan/options.ts";
import { planRun } from "../../../../src/load/plan/run-plan.ts";
import { until } from "../../../support/until.ts";
import { labSummaryOf, summaryOf } from "../../support/summaries.ts";

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
  return Response.json(labSummaryOf(list));
}

/** No session at the first request, as before a run; these sessions at later ones. */
function later(...list: SessionSummary[]): (n: number) => Response {
  return (n) => (n === 1 ? sessions() : sessions(...list));
}

/** As `later`, from a lab that then differs by `changes`. */
function changed(changes: Partial<LabSummary>, ...list: SessionSummary[]): (n: number) => Response {
  return (n) => (n === 1 ? sessions() : Response.json(labSummaryOf(list, changes)));
}

const NO_LAB = { control: "127.0.0.1:1" }; // nothing listens on this port
const FAILED = () => Response.json(labSummaryOf([session()]), { status: 500 });
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
  await losses.findLab("127.0.0.1");
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

describe("a lab may be the target", () => {
  /** Whether the target is a lab, undefined while undecided, after the search for one; and the session id. */
  async function found(options: Partial<LoadOptions>) {
    const losses = attribution(options);
    await losses.findLab("127.0.0.1");
    return [losses.identity.isLab, losses.ssid];
  }

  test("where the control address answers /sessions/{ssid}", async () => {
    using lab = startLab(() => sessions());
    expect(await found({ control: lab.control })).toEqual([undefined, SSID]);
    expect(lab.asked).toEqual([`/sessions/${SSID}`]);
  });

  test("at the second request if the first fails", async () => {
    using lab = startLab((n) => (n === 1 ? FAILED() : sessions()));
    expect(await found({ control: lab.control })).toEqual([undefined, SSID]);
  });

  test.each<[string, () => Reply]>([
    ["an error", FAILED],
    ["no JSON", NOT_JSON],
    ["null", () => Response.json(null)],
    ["a list", () => Response.json([])],
    ["no list of sessions", () => Response.json({ ...labSummaryOf([]), sessions: 7 })],
    ["no name of its instance", () => Response.json({ sessions: [] })],
  ])("not where the answer is %s", async (_, reply) => {
    using lab = startLab(reply);
    expect(await found({ control: lab.control })).toEqual([false, SSID]);
    expect(lab.asked).toHaveLength(2);
  });

  test("not where it does not have the target's port", async () => {
    using lab = startLab(() => sessions());
    expect(await found({ control: lab.control, target: "127.0.0.1:7001" })).toEqual([false, SSID]);
    const directions = await attribute({ control: lab.control, target: "127.0.0.1:7001" });
    expect(directions).toMatchObject({
      ...UNKNOWN,
      reason: `the lab at ${lab.control} does not receive udp packets on port 7001`,
    });
  });

  test("not where nothing listens", async () => {
    expect(await found(NO_LAB)).toEqual([false, SSID]);
  });

  test.each<Partial<LoadOptions>>([{ protocol: "http" }, { mode: "plain" }, { control: false }])(
    "not with %j: no request is sent",
    async (options) => {
      using lab = startLab(() => sessions());
      expect(await found({ control: lab.control, ...options })).toEqual([false, SSID]);
      expect(lab.asked).toEqual([]);
    },
  );
});

test("a session id that is in use at the lab is replaced, and the report has both", async () => {
  using lab = startLab((n) => (n <= 2 ? sessions(session()) : n === 3 ? sessions() : sessions(session())));
  expect(await attribute({ control: lab.control })).toMatchObject({
    evidence: "lab",
    reason: `session id ${SSID} was in use at the lab; this run used ${SSID + 2}`,
  });
  expect(lab.asked.slice(0, 4)).toEqual([SSID, SSID + 1, SSID + 2, SSID + 2].map((ssid) => `/sessions/${ssid}`));
});

describe("the target is", () => {
  /** Whether it is a lab, once this is decided during a run with these counts. */
  async function identified(reply: (n: number) => Reply, counts: Partial<Counts>) {
    using lab = startLab(reply);
    const losses = attribution({ control: lab.control });
    await losses.findLab("127.0.0.1");
    losses.start(recorderOf(counts), PORTS);
    await until(() => losses.identity.isLab !== undefined, "the decision");
    return { isLab: losses.identity.isLab, interim: losses.interim.evidence };
  }

  test.concurrent("a lab once that lists the session", async () => {
    const listed = (n: number) => (n < 5 ? sessions() : sessions(session()));
    expect(await identified(listed, { sent: 100, answered: 70 })).toEqual({ isLab: true, interim: "none" });
  });

  test.concurrent("no lab if packets are answered and it lists no session", async () => {
    expect((await identified(() => sessions(), { sent: 100, answered: 70 })).isLab).toBe(false);
  });

  test.concurrent("undecided while nothing is answered, until the end of the run", async () => {
    using lab = startLab(() => sessions());
    const losses = attribution({ control: lab.control });
    const recorder = recorderOf({ sent: 100 });
    await losses.findLab("127.0.0.1");
    losses.start(recorder, PORTS);
    await until(() => lab.asked.length > 5, "some queries");
    expect(losses.identity.isLab).toBe(undefined);
    await losses.conclude(recorder);
    expect(losses.identity.isLab).toBe(false);
  });

  test.concurrent("a lab if only the query at the end of a short run lists the session", async () => {
    using lab = startLab(later(session()));
    const losses = attribution({ control: lab.control });
    const recorder = recorderOf();
    await losses.findLab("127.0.0.1");
    losses.start(recorder, PORTS);
    await losses.conclude(recorder);
    expect(losses.identity.isLab).toBe(true);
    losses.stop();
  });
});

describe("with a lab", () => {
  test("what it did not handle was lost upstream, what it handled and did not arrive, downstream", async () => {
    using lab = startLab(later(session()));
    expect(await attribute({ control: lab.control })).toEqual({
      evidence: "lab",
      lostUp: 15,
      lostDown: 15,
      unexplained: 0,
      droppedUp: 10,
      droppedDown: 12,
      heldByLab: 0,
      targetBuffer: 0,
    });
  });

  test("of the upstream losses that no fault caused, at most the increase of its buffer's drops are its own", async () => {
    const dropping = (first: number | null, last: number | null) => (n: number) => {
      const listeners = [{ protocol: "udp", port: 7000, receiveBufferDrops: n === 1 ? first : last }];
      return Response.json(labSummaryOf(n === 1 ? [] : [session()], { listeners }));
    };
    const buffers: (number | undefined)[] = [];
    for (const [first, last] of [
      [40, 43],
      [40, 47],
      [40, 39],
      [null, null],
    ] as const) {
      using lab = startLab(dropping(first, last));
      buffers.push((await attribute({ control: lab.control })).targetBuffer);
    }
    expect(buffers).toEqual([3, 5, 0, undefined]);
  });

  test("several sessions of the run add up; other ports and protocols are left out", async () => {
    const half = session({
      received: { unique: 50, duplicate: 0 },
      handled: 45,
      answered: 40,
      dropped: { up: 5, down: 5 },
    });
    const foreign = session({ source: "127.0.0.1:1", handled: 1000, answered: 1000 });
    const tcp = session({ protocol: "tcp", handled: 1000, answered: 1000 });
    using lab = startLab(later(foreign, half, tcp));
    expect(await attribute({ control: lab.control }, recorderOf({ sent: 60, lost: 20 }))).toMatchObject({
      evidence: "lab",
      lostUp: 15,
      lostDown: 5,
      droppedUp: 5,
      droppedDown: 5,
    });
  });

  test("behind an address translation the session id is enough", async () => {
    using lab = startLab(later(session({ source: "[2001:db8::7]:1" })));
    expect(await attribute({ control: lab.control })).toMatchObject({ evidence: "lab", lostUp: 15, lostDown: 15 });
  });

  test("a late answer is used", async () => {
    using lab = startLab(async (n) => {
      if (n > 1) await Bun.sleep(300);
      return later(session())(n);
    });
    expect(await attribute({ control: lab.control })).toMatchObject({ evidence: "lab", lostUp: 15, lostDown: 15 });
  });

  test("it is asked again while it holds packets back, and while its answer is no summary", async () => {
    using lab = startLab((n) => {
      if (n <= 2) return n === 1 ? sessions() : NOT_JSON();
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
    using lab = startLab(later(session({ answered: 60 })));
    expect(await attribute({ control: lab.control }, recorderOf(), fastClock())).toMatchObject({
      evidence: "lab",
      heldByLab: 13,
    });
  });

  test.concurrent.each<[string, (n: number) => Reply, reason: string]>([
    [
      "has closed the target's port",
      changed({ listeners: [] }, session()),
      "the lab does not receive udp packets on the target's port 7000",
    ],
    [
      "has no session of the run",
      () => sessions(),
      "the lab has no session of this run: it is not the target, or no packet reached it",
    ],
    [
      "has sessions of another sender",
      later(session({ source: "127.0.0.1:1" }), session({ source: "127.0.0.1:2" })),
      "another sender uses the same session id",
    ],
    [
      "handled fewer packets than came back",
      later(session({ handled: 69, answered: 60, dropped: { up: 26, down: 9 } })),
      "the lab handled fewer packets than were answered",
    ],
    ["contradicts itself", later(session({ handled: 86 })), "the lab's counts contradict each other"],
    [
      "answers without JSON",
      (n) => (n === 1 ? sessions() : NOT_JSON()),
      "the lab did not respond at the end of the run",
    ],
    [
      "answers with an error",
      (n) => (n === 1 ? sessions() : FAILED()),
      "the lab did not respond at the end of the run",
    ],
    [
      "does not answer within two seconds",
      (n) => (n === 1 ? sessions() : NO_REPLY),
      "the lab did not respond at the end of the run",
    ],
  ])("the reflector's numbers are used instead where it %s", async (_, reply, reason) => {
    using lab = startLab(reply);
    const recorder = reflected();
    recorder.counts.answered = 70;
    expect(await attribute({ control: lab.control }, recorder, fastClock())).toMatchObject({ ...BY_REFLECTOR, reason });
    expect(lab.asked.length).toBeGreaterThan(1);
  });

  test.concurrent.each<[string, (n: number) => Reply, reason: string]>([
    ["has restarted", changed({ instance: "next" }, session()), "the lab restarted during the run"],
    [
      "has evicted sessions",
      changed({ evictedSessions: 1 }, session()),
      "the lab's table of sessions was full, and it evicted sessions",
    ],
  ])(
    "where it %s, the numbers of its answers are not used either: they can have begun again",
    async (_, reply, reason) => {
      using lab = startLab(reply);
      expect(await attribute({ control: lab.control }, reflected(), fastClock())).toMatchObject({ ...UNKNOWN, reason });
    },
  );

  test("a summary whose counts decrease is not used", async () => {
    const decreased = session({ received: { unique: 90, duplicate: 0 }, handled: 80, answered: 68 });
    using lab = startLab((n) => (n === 1 ? sessions() : sessions(n === 2 ? session({ answered: 60 }) : decreased)));
    expect(await attribute({ control: lab.control })).toMatchObject({
      ...UNKNOWN,
      reason: "the lab's counts decreased during the run",
    });
  });

  test.concurrent("it is asked every two seconds by a run that follows its losses", async () => {
    using lab = startLab(later(session()));
    const clock = systemClock();
    const losses = attribution({ control: lab.control, follow: true }, clock);
    const recorder = recorderOf({ sent: 100 });
    await losses.findLab("127.0.0.1");
    losses.start(recorder, PORTS);
    for (let packet = 0; packet < 30; packet++) recorder.countLost(clock.now());
    expect(losses.interim).toMatchObject({ evidence: "lab", lostUp: 0, lostDown: 0, unexplained: 0 });
    const known = await until(() => losses.interim.lostUp > 0 && losses.interim, "the first summary", 10_000);
    expect(known).toMatchObject({ lostUp: 15, lostDown: 15, unexplained: 0, droppedUp: 10, droppedDown: 12 });
    losses.stop();
  }, 15_000);

  test.concurrent("a run that follows its losses reports those of a restarted lab as far as they are certain", async () => {
    // The lab is identified and restarts; 30 packets are lost before. The second lab handles all but 5 of 100.
    const empty = { received: { unique: 0, duplicate: 0 }, handled: 0, answered: 0, dropped: { up: 0, down: 0 } };
    let listed = labSummaryOf([]);
    using lab = startLab(() => Response.json(listed));
    const clock = systemClock();
    const losses = attribution({ control: lab.control, follow: true }, clock);
    const recorder = recorderOf({ sent: 100, answered: 70 });
    await losses.findLab("127.0.0.1");
    listed = labSummaryOf([session()]);
    losses.start(recorder, PORTS);
    await until(() => losses.identity.isLab, "the identification");
    for (let packet = 0; packet < 30; packet++) recorder.countLost(clock.now());
    listed = labSummaryOf([session(empty)], { instance: "second" });
    await until(() => losses.interim.unexplained === 30, "the first query", 10_000);
    listed = labSummaryOf([session({ ...empty, received: { unique: 95, duplicate: 0 }, handled: 95, answered: 95 })], {
      instance: "second",
    });
    recorder.counts.sent += 100;
    recorder.counts.answered += 95;
    for (let packet = 0; packet < 5; packet++) recorder.countLost(clock.now());
    losses.stop();
    expect(await losses.finalize(recorder)).toMatchObject({
      evidence: "lab",
      lostUp: 5,
      lostDown: 0,
      unexplained: 30,
      reason: "the lab restarted during the run",
    });
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
