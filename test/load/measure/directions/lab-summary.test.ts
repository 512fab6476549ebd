import { describe, expect, test } from "bun:test";
import { fetchSummary, type SenderState, verify } from "../../../../src/load/measure/directions/lab-summary.ts";
import type { LabSummary, SessionSummary } from "../../../../src/load/measure/directions/session-summary.ts";
import { labSummaryOf, summaryOf, TARGET_PORT } from "../../support/summaries.ts";

const PORT = 4001;
const RUN = { protocol: "udp", targetPort: TARGET_PORT, ports: new Set([PORT]) };
const FIRST = { instance: "lab", evictedSessions: 2 };
const SENDER: SenderState = { arrived: 73, sent: 100, elapsedSeconds: 5 };

/** The run's session: of 100 packets 5 did not arrive, 10 were dropped upstream and 12 downstream. */
function session(changes: Partial<SessionSummary> = {}): SessionSummary {
  return summaryOf({
    source: `127.0.0.1:${PORT}`,
    ageSeconds: 4.9,
    received: { unique: 95, duplicate: 3 },
    handled: 85,
    answered: 73,
    dropped: { up: 10, down: 12 },
    ...changes,
  });
}

function labWith(sessions: readonly SessionSummary[], changes: Partial<LabSummary> = {}): LabSummary {
  return labSummaryOf(sessions, { evictedSessions: FIRST.evictedSessions, ...changes });
}

describe("verify", () => {
  test("returns the run's sessions if everything agrees", () => {
    expect(verify(labWith([session()]), FIRST, RUN, SENDER)).toEqual({ sessions: [session()] });
  });

  test.each<[reason: string, summary: LabSummary, sender?: Partial<SenderState>]>([
    ["the lab restarted during the run", labWith([session()], { instance: "another" })],
    [
      "the lab does not receive udp packets on the target's port 7000",
      labWith([session()], { listeners: [{ protocol: "tcp", port: TARGET_PORT, receiveBufferDrops: null }] }),
    ],
    ["the lab's table of sessions was full, and it evicted sessions", labWith([session()], { evictedSessions: 3 })],
    ["the lab's table of sessions was full, and it evicted sessions", labWith([], { evictedSessions: 3 })],
    ["the lab has no session of this run: it is not the target, or no packet reached it", labWith([])],
    [
      "the lab has no session of this run: it is not the target, or no packet reached it",
      labWith([session({ local: { address: "127.0.0.1", port: 862 } })]),
    ],
    [
      "another sender uses the same session id",
      labWith([session({ source: "127.0.0.1:9" }), session({ source: "127.0.0.1:8" })]),
    ],
    ["another sender uses the same session id", labWith([session()]), { sent: 94 }],
    ["another sender uses the same session id", labWith([session({ ageSeconds: 5.1 })])],
    ["the lab's counts contradict each other", labWith([session({ handled: 86 })])],
    ["the lab's counts contradict each other", labWith([session({ discarded: 1 })])],
    ["the lab handled fewer packets than were answered", labWith([session()]), { arrived: 86 }],
    [
      "the lab's counts decreased during the run",
      labWith([session()]),
      { earlier: [session({ received: { unique: 96, duplicate: 0 } })] },
    ],
    ["the lab's counts decreased during the run", labWith([session()]), { earlier: [session({ handled: 86 })] }],
    ["the lab's counts decreased during the run", labWith([session()]), { earlier: [session({ answered: 74 })] }],
    [
      "the lab's counts decreased during the run",
      labWith([session({ received: { unique: 95, duplicate: 3 } })]),
      { earlier: [session({ received: { unique: 90, duplicate: 0 }, handled: 76, dropped: { up: 14, down: 0 } })] },
    ],
  ])("rejects: %s", (reason, summary, sender = {}) => {
    expect(verify(summary, FIRST, RUN, { ...SENDER, ...sender })).toEqual(
      /restarted|evicted/.test(reason) ? { reason, numbersRestart: true } : { reason },
    );
  });

  test("accepts fewer drops than before if there are as many copies more", () => {
    const earlier = [session({ received: { unique: 90, duplicate: 0 }, handled: 77, dropped: { up: 13, down: 0 } })];
    expect(verify(labWith([session()]), FIRST, RUN, { ...SENDER, earlier }).reason).toBe(undefined);
  });

  test("accepts a session that is older than the run by the tolerance of two clocks", () => {
    expect(verify(labWith([session({ ageSeconds: 5.005 })]), FIRST, RUN, SENDER).reason).toBe(undefined);
  });
});

/** What a server at the control address returns for `/sessions/7`. */
async function fetched(reply: (request: Request) => Response) {
  const paths: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      paths.push(new URL(request.url).pathname);
      return reply(request);
    },
  });
  try {
    return { summary: await fetchSummary(new URL(server.url), 7), paths };
  } finally {
    await server.stop(true);
  }
}

describe("fetchSummary", () => {
  test("returns the summary at /sessions/{ssid}", async () => {
    const summary = labWith([session()]);
    expect(await fetched(() => Response.json(summary))).toEqual({ summary, paths: ["/sessions/7"] });
  });

  test.each<[what: string, reply: () => Response]>([
    ["an error", () => Response.json(labWith([]), { status: 500 })],
    ["a redirect", () => Response.redirect("/sessions/8")],
    ["no JSON", () => new Response("<html>")],
    ["an empty body", () => new Response()],
    ["more than 8 MiB", () => new Response(`${" ".repeat(9 * 2 ** 20)}${JSON.stringify(labWith([]))}`)],
    ["a million nested lists", () => new Response("[".repeat(1_000_000))],
    ["fractions", () => Response.json(labWith([session({ handled: 84.5 })]))],
    ["negative numbers", () => Response.json(labWith([session({ handled: -85 })]))],
  ])("returns nothing for %s", async (_what, reply) => {
    const { summary, paths } = await fetched(reply);
    expect(summary).toBe(undefined);
    expect(paths).toEqual(["/sessions/7"]);
  });

  test("returns nothing where no server listens", async () => {
    expect(await fetchSummary(new URL("http://127.0.0.1:1/"), 7)).toBe(undefined);
  });
});
