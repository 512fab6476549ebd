/** The clients for HTTP/2 and HTTP/3 against the lab and against the runtime's own servers. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parseImpairments } from "../../../../src/faults/text.ts";
import type { Lab } from "../../../../src/lab.ts";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import type { LoadOptions } from "../../../../src/load/plan/options.ts";
import { runLoad } from "../../../../src/load/run.ts";
import { openSession } from "../../../../src/load/send/http3/opening.ts";
import { loadQuic } from "../../../../src/load/send/http3/quic.ts";
import { freePort } from "../../../support/free-port.ts";
import { ALL_FREE_PORTS, startTestLab } from "../../../support/lab.ts";
import { scrape } from "../../../support/scrape.ts";
import { until } from "../../../support/until.ts";
import { ca, expired, otherName, valid } from "../../support/certificates.ts";
import { balanced } from "../../support/sums.ts";
import { deadTcpPort, deadUdpPort } from "../../support/targets.ts";

setDefaultTimeout(20_000);

const BOTH = ["http2", "http3"] as const;
type Streamed = (typeof BOTH)[number];

/** A server of one version, and options of a run against it. */
function serve(protocol: Streamed, fetch: (request: Request) => Response | Promise<Response>, tls = valid) {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, http1: false, [protocol]: true, tls, fetch });
  const target = `https://127.0.0.1:${server.port}/x`;
  const options = { protocol, target, ca, control: false, rate: 500, count: 60, timeout: 1, seed: 3 } as const;
  return { server, options, [Symbol.dispose]: () => void server.stop(true) };
}

/** A handler that answers no request before `count` of them are open. */
function answerOnce(count: number) {
  const open = { now: 0, most: 0 };
  const reached = Promise.withResolvers<void>();
  const answer = async () => {
    open.most = Math.max(open.most, ++open.now);
    // In a later turn: a response made while the runtime reads another QUIC connection is sent a second later (Bun 1.4.5).
    if (open.now === count) setImmediate(reached.resolve);
    await reached.promise;
    open.now--;
    return new Response("ok");
  };
  return { open, answer };
}

async function reportOf(options: LoadOptions) {
  return balanced(await runLoad(options).report);
}

describe("the lab", () => {
  const FAULTS = "drop=0.08/0.06,burst=gilbert(0.01,0.5),delay=uniform(1,4),status=500:0.05,reset=0.04";
  let lab: Lab;
  beforeAll(async () => {
    const impair = parseImpairments(`http2:${FAULTS};http3:${FAULTS},stall=0.03/0.03`);
    lab = await startTestLab({ ...ALL_FREE_PORTS, impair, seed: 5 });
  });
  afterAll(() => lab.stop());

  test("counts what the runs count, to the packet", async () => {
    const common = { rate: 600, count: 300, timeout: 1, wait: 1.5 };
    const control = `127.0.0.1:${lab.ports.http}`;
    const reports = await Promise.all(
      BOTH.map((protocol) => reportOf({ protocol, target: `127.0.0.1:${lab.ports[protocol]}`, control, ...common })),
    );
    const series = await scrape(lab);
    for (const { protocol, packets, statuses } of reports) {
      const injected = (kinds: string[], direction: string) =>
        kinds.reduce((sum, kind) => sum + series.sum("wirelab_impairments_total", { protocol, kind, direction }), 0);
      const losses = ["drop", "burst", "stall", "reset"];
      expect(packets).toMatchObject({
        sent: series.get("packets_total", { protocol }),
        failed: injected(["status"], "down"),
        lostUp: injected(losses, "up"),
        lostDown: injected(losses, "down"),
        unexplained: 0,
      });
      expect(packets.lostUp).toBeGreaterThan(5);
      expect(statuses["200"]).toBe(packets.answered);
    }
  });

  test("ends a connection of HTTP/2: its requests are lost", async () => {
    await using closing = await startTestLab({
      ...ALL_FREE_PORTS,
      impair: parseImpairments("http2:close=0.1"),
      seed: 5,
    });
    const target = `127.0.0.1:${closing.ports.http2}`;
    const control = `127.0.0.1:${closing.ports.http}`;
    // One request at a time on a connection, so that none is lost with another one.
    const options = { target, control, rate: 200, count: 80, timeout: 1, streams: 1 } as const;
    const { packets } = await reportOf({ protocol: "http2", ...options });
    const series = await scrape(closing);
    const closed = series.sum("wirelab_impairments_total", { protocol: "http2", kind: "close" });
    expect(closed).toBeGreaterThan(3);
    expect(packets).toMatchObject({ sent: 80, lost: closed, lostUp: closed, droppedUp: closed, unexplained: 0 });
  });

  test("names the losses of the run, and none of its warm-up", async () => {
    const { packets } = await reportOf({
      protocol: "http3",
      ...{ target: `127.0.0.1:${lab.ports.http3}`, control: `127.0.0.1:${lab.ports.http}` },
      ...{ rate: 300, count: 60, warmup: 0.2, timeout: 0.5, wait: 1 },
    });
    expect(packets).toMatchObject({ sent: 60, unexplained: 0 });
  });
});

describe.each(BOTH)("%s", (protocol) => {
  /** The kind of its handshakes in a report. */
  const kind = protocol === "http2" ? "tls" : "quic";

  test("a body, header fields and the method arrive; the answers are counted", async () => {
    const seen = new Set<string>();
    using target = serve(protocol, async (request) => {
      seen.add(`${request.method} ${request.headers.get("x-a")} ${await request.text()}`);
      return new Response("y".repeat(1000), { status: 201, headers: { "server-timing": "app;dur=1.5" } });
    });
    const report = await reportOf({
      ...target.options,
      http: { method: "PUT", headers: [["X-A", "b"]], body: "z".repeat(70_000) },
    });
    expect([...seen]).toEqual([`PUT b ${"z".repeat(70_000)}`]);
    expect(report.statuses).toEqual({ "201": 60 });
    expect(report.bytes.received).toBeGreaterThanOrEqual(60_000);
    expect(report.serverTime?.p50).toBeCloseTo(0.0015, 4);
  });

  test("a closed loop keeps the streams of each connection in use, and reports the handshakes", async () => {
    const { open, answer } = answerOnce(10);
    using target = serve(protocol, answer);
    const report = await reportOf({ ...target.options, rate: "max", connections: 2, streams: 5, count: 200 });
    expect(report.packets).toMatchObject({ sent: 200, answered: 200 });
    expect(open.most).toBe(10);
    expect(report.handshakes?.[kind]?.full.count).toBe(2);
    expect(report.handshakes?.[kind]?.full.max).toBeGreaterThan(0);
  });

  test("one connection carries an open loop while its streams suffice", async () => {
    using target = serve(protocol, answerOnce(20).answer);
    const report = await reportOf({ ...target.options, rate: 100, count: 20, streams: 50 });
    expect(report.packets.answered).toBe(20);
    expect(report.handshakes?.[kind]?.full.count).toBe(1);
  });

  test("more connections are opened when the streams do not suffice", async () => {
    using target = serve(protocol, answerOnce(7).answer);
    const report = await reportOf({ ...target.options, rate: 500, count: 50, streams: 2 });
    expect(report.packets.answered).toBe(50);
    expect(report.handshakes?.[kind]?.full.count).toBeGreaterThan(3);
  });

  test("a response that the server resets is lost", async () => {
    let index = 0;
    using target = serve(protocol, () => {
      const reset = new ReadableStream({
        start(controller) {
          controller.error();
        },
      });
      return index++ % 2 === 0 ? new Response("ok") : new Response(reset);
    });
    const report = await reportOf({ ...target.options, count: 20 });
    expect(report.packets).toMatchObject({ answered: 10, lost: 10 });
    expect(report.errors).toEqual({ reset: 10 });
  });

  test("a server that ends: what it did not answer is lost", async () => {
    let received = 0;
    using target = serve(protocol, () => {
      if (++received === 10) server.stop(true);
      return new Promise<Response>(() => undefined);
    });
    const { server, options } = target;
    const { packets } = await reportOf({ ...options, rate: 100, count: 10, timeout: 0.3 });
    expect(packets).toMatchObject({ sent: 10, answered: 0, lost: 10 });
  });

  test.each([
    ["of another name", otherName, "its certificate is not for 127.0.0.1 (ERR_TLS_CERT_ALTNAME_INVALID)"],
    ["that has expired", expired, "its certificate has expired (CERT_HAS_EXPIRED)"],
  ])("a certificate %s is one line; without verification it is accepted", async (_name, certificate, reason) => {
    using target = serve(protocol, () => new Response("ok"), certificate);
    const refused = await reportOf(target.options);
    expect(refused.verdict.reasons[0]).toContain(reason);
    const { ca: _ca, ...options } = target.options;
    expect((await reportOf({ ...options, verify: false })).packets.answered).toBe(60);
  });
});

test("a target that does not listen: refused over TCP, no response over QUIC", async () => {
  const target = `127.0.0.1:${deadTcpPort()}`;
  const report = await reportOf({ protocol: "http2", target, ca, control: false });
  expect(report.verdict.reasons).toEqual([`nothing listens at ${target} (ECONNREFUSED)`]);
  const endpoint = { hostname: "127.0.0.1", address: "127.0.0.1", port: await deadUdpPort(), sameHost: true };
  const tls = { verify: true, ca, caFrom: "options" } as const;
  const recorder = new Recorder();
  expect(openSession(await loadQuic(), { endpoint, tls, recorder }, 150)).rejects.toThrow(
    "no response to the QUIC handshake within 150 ms",
  );
  await until(() => recorder.handshakes.failures.get("ETIMEDOUT") === 1, "the handshake failed");
});

test("the runtime's warning about QUIC is not printed", async () => {
  using target = serve("http3", () => new Response("ok"));
  const client = Bun.spawn(
    ["bun", "scripts/load.ts", "--proto", "http3", "--target", target.options.target, "--insecure", "--count", "5"],
    { stderr: "pipe", stdout: "pipe", cwd: new URL("../../../..", import.meta.url).pathname },
  );
  const [text, errors] = await Promise.all([new Response(client.stdout).text(), new Response(client.stderr).text()]);
  expect(text).toContain("sent      5");
  expect(errors).not.toContain("Warning");
});

const nghttpd = Bun.which("nghttpd", { PATH: `${Bun.env.PATH}:/usr/sbin` });
test.skipIf(nghttpd === null)("nghttpd, a server of another origin, answers all requests", async () => {
  const folder = mkdtempSync("/tmp/wirelab-nghttpd-");
  const file = (name: string, text: string) => {
    writeFileSync(`${folder}/${name}`, text);
    return `${folder}/${name}`;
  };
  const port = freePort();
  file("page", "hello");
  const server = Bun.spawn([nghttpd ?? "", "-d", folder, `${port}`, file("key", valid.key), file("cert", valid.cert)], {
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    await until(
      () =>
        Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).then(
          (socket) => {
            socket.end();
            return true;
          },
          () => false,
        ),
      "nghttpd listens",
    );
    const common = { protocol: "http2", ca, control: false, count: 500, rate: "max", connections: 2 } as const;
    const found = await reportOf({ ...common, target: `https://127.0.0.1:${port}/page` });
    expect(found.packets).toMatchObject({ sent: 500, answered: 500 });
    const missing = await reportOf({ ...common, target: `https://127.0.0.1:${port}/none` });
    expect(missing.statuses).toEqual({ "404": 500 });
  } finally {
    server.kill();
    await server.exited;
    rmSync(folder, { recursive: true });
  }
});
