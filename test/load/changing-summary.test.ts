/**
 * A lab whose session summary changes its story between queries, and one that restarts every second: no direction has
 * more losses than the lab caused.
 */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import type { LabSummary, SessionSummary } from "../../src/load/measure/directions/session-summary.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { balanced } from "./support/sums.ts";

setDefaultTimeout(60_000); // concurrent runs of 3 to 5 s: a run that follows its losses queries every 2 s

const FAULTS = { impair: parseImpairments("udp:drop=0.1/0.2"), seed: 4 };

async function summaryAt(lab: Lab, path: string): Promise<LabSummary> {
  return await (await fetch(urlOf(lab, path))).json();
}

/** Changes every session of a summary. */
function eachSession(change: (session: SessionSummary) => Partial<SessionSummary>) {
  return (summary: LabSummary): LabSummary => ({
    ...summary,
    sessions: summary.sessions.map((session) => ({ ...session, ...change(session) })),
  });
}

/** All counts multiplied, rounded so that they agree with each other. */
function scaled(factor: number) {
  return eachSession(({ handled, answered, dropped, received }) => {
    const [up, all] = [Math.floor(dropped.up * factor), Math.floor(handled * factor)];
    return {
      handled: all,
      answered: Math.floor(answered * factor * 0.9),
      dropped: { up, down: Math.floor(dropped.down * factor * 0.9) },
      received: { unique: all + up, duplicate: received.duplicate },
    };
  });
}

const upIsDown = eachSession(({ handled, dropped }) => ({
  handled: handled + dropped.up,
  dropped: { up: 0, down: dropped.down + dropped.up },
}));

const downIsUp = eachSession(({ handled, dropped }) => ({
  handled: handled - dropped.down,
  dropped: { up: dropped.up + dropped.down, down: 0 },
}));

/** Serves the lab's summary at a port of its own; every other one is changed. */
function liar(lab: Lab, change: (summary: LabSummary, query: number) => LabSummary) {
  let queries = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const summary = await summaryAt(lab, new URL(request.url).pathname);
      queries++;
      return Response.json(queries % 2 === 0 ? change(summary, queries) : summary);
    },
  });
  return { port: server.port, queries: () => queries, [Symbol.dispose]: () => void server.stop(true) };
}

describe("a summary that changes at every other query", () => {
  const stories: readonly [string, (summary: LabSummary, query: number) => LabSummary][] = [
    ["half of all counts", scaled(0.5)],
    ["twice all counts", scaled(2)],
    ["upstream drops become downstream ones", upIsDown],
    ["downstream drops become upstream ones", downIsUp],
    ["no session", (summary) => ({ ...summary, sessions: [] })],
    ["another instance each time", (summary, query) => ({ ...summary, instance: `${query}` })],
    ["another instance with half of all counts", (summary) => ({ ...scaled(0.5)(summary), instance: "other" })],
    ["another instance with twice all counts", (summary) => ({ ...scaled(2)(summary), instance: "other" })],
    ["another instance that handled nothing", (summary) => ({ ...scaled(0)(summary), instance: "other" })],
  ];

  // Without following there are few queries, so that only the stories are of interest that one summary can tell.
  const cases = stories.flatMap(([what, change]) =>
    [true, false]
      .filter((follow) => follow || change === upIsDown || change === downIsUp)
      .map((follow) => [what, follow, change] as const),
  );
  test.concurrent.each(cases)("%s (losses are followed: %p)", async (_what, follow, change) => {
    await using lab = await startTestLab(FAULTS);
    using control = liar(lab, change);
    const options = {
      protocol: "udp",
      target: `127.0.0.1:${lab.ports.udp}`,
      control: `127.0.0.1:${control.port}`,
    } as const;
    const run = runLoad({
      ...options,
      rate: 200,
      count: follow ? 1000 : 200,
      timeout: 0.5,
      wait: 1,
      seed: 3,
      follow,
    });
    const { packets, sessionId, evidence } = balanced(await run.report);
    const { dropped } = (await summaryAt(lab, `/sessions/${sessionId}`)).sessions[0] ?? {};
    const { up, down } = dropped ?? { up: 0, down: 0 };
    expect(control.queries()).toBeGreaterThan(1);
    expect(up).toBeGreaterThan(5);
    // On a busy machine answers can come after the waiting time; they were not lost upstream.
    const overdue = packets.lost - up - down;
    expect(overdue).toBeGreaterThanOrEqual(0);
    const excess = { up: Math.max(0, packets.lostUp - up), down: Math.max(0, packets.lostDown - down - overdue) };
    expect({ excess, evidence }).toEqual({ excess: { up: 0, down: 0 }, evidence });
  });
});

/** Packets that the lab's faults dropped in each direction so far, from its counters. */
async function dropsOf(lab: Lab): Promise<{ up: number; down: number }> {
  const text = await (await fetch(urlOf(lab, "/metrics"))).text();
  const drops = (direction: string) =>
    Number(
      new RegExp(`^wirelab_impairments_total.protocol="udp",kind="drop",direction="${direction}". (\\d+)`, "m").exec(
        text,
      )?.[1],
    );
  return { up: drops("up"), down: drops("down") };
}

test.concurrent.each([true, false])("a lab that restarts every second (losses are followed: %p)", async (follow) => {
  let lab = await startTestLab(FAULTS);
  const { http: httpPort, udp: udpPort } = lab.ports;
  const options = { protocol: "udp", target: `127.0.0.1:${udpPort}`, control: `127.0.0.1:${httpPort}` } as const;
  const run = runLoad({ ...options, rate: 200, count: 1000, timeout: 0.5, wait: 1.5, seed: 3, follow });
  const { counts } = run.measured.recorder();
  const truth = { up: 0, down: 0 };
  for (let restart = 1; restart <= 4; restart++) {
    await until(() => counts.sent >= restart * 200, "one more second", 20_000);
    const drops = await dropsOf(lab);
    truth.up += drops.up;
    truth.down += drops.down;
    await lab.stop();
    lab = await startTestLab({ ...FAULTS, httpPort, udpPort });
  }
  await using last = lab;
  const { packets, evidence } = balanced(await run.report);
  const drops = await dropsOf(last);
  truth.up += drops.up;
  truth.down += drops.down;
  // Packets that arrived during a restart, or between the reading of the counters and the stop, are lost in either direction.
  const other = packets.lost - truth.up - truth.down;
  expect(evidence.text).toContain("the lab restarted during the run");
  expect(packets.lostUp).toBeLessThanOrEqual(truth.up + other);
  expect(packets.lostDown).toBeLessThanOrEqual(truth.down + other);
  expect(packets.sent).toBe(1000);
});
