import { expect, test } from "bun:test";
import { runLoad } from "../../../../src/load/run.ts";
import { selfSigned } from "../../../support/certificate.ts";
import { startTestLab } from "../../../support/lab.ts";
import { balanced } from "../../support/sums.ts";
import { deadTcpPort, tcpTarget } from "../../support/targets.ts";

/** Options of all runs: short and fast. */
const common = { protocol: "http", rate: 1000, count: 200, timeout: 1, seed: 7 } as const;

/** A server whose handler gets the number of the request, from 0. */
function serve(fetch: (request: Request, index: number) => Response | Promise<Response>) {
  let index = 0;
  return Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => fetch(request, index++) });
}

test("the default request at / of a lab is POST with a JSON body of the size", async () => {
  await using lab = await startTestLab();
  for (const target of [`127.0.0.1:${lab.ports.http}`, `http://localhost:${lab.ports.http}/`]) {
    const report = balanced(await runLoad({ ...common, timeout: 5, control: false, size: 100, target }).report);
    expect(report.packets).toMatchObject({ sent: 200, answered: 200, lost: 0, failed: 0 });
    expect(report.statuses).toEqual({ "200": 200 });
    expect(report.plan?.http).toEqual({ method: "POST", keepAlive: true, verify: true, withheld: [] });
  }
  const packets = (await (await fetch(`http://127.0.0.1:${lab.ports.http}/metrics`)).text()).match(
    /^packets_total\{protocol="http"\} (\d+)$/m,
  );
  expect(packets?.[1]).toBe("400");
});

test("the default request of any other URL is GET, and the target is asked once whether it is a lab", async () => {
  const seen = new Map<string, number>();
  using server = serve((request) => {
    const key = `${request.method} ${new URL(request.url).pathname.replace(/\d+$/, "ID")}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return request.method === "GET" ? new Response("hello") : new Response("", { status: 501 });
  });
  for (const target of [`127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port}/`]) {
    const report = balanced(await runLoad({ ...common, count: 50, target }).report);
    expect(report.packets).toMatchObject({ sent: 50, answered: 50 });
    expect(report.plan?.http?.method).toBe("GET");
  }
  expect(Object.fromEntries(seen)).toEqual({ "GET /sessions/ID": 2, "GET /": 100 });
});

test("a given body is sent with POST, and a target whose method is given is not asked", async () => {
  const seen = new Set<string>();
  using server = serve(async (request) => {
    seen.add(`${request.method} ${new URL(request.url).pathname} ${await request.text()}`);
    return new Response("ok");
  });
  const target = `127.0.0.1:${server.port}`;
  await runLoad({ ...common, count: 5, target, http: { body: "x" } }).report;
  await runLoad({ ...common, count: 5, target, http: { method: "PUT", body: "y" } }).report;
  expect([...seen]).toEqual(["POST / x", "PUT / y"]);
});

test("a status outside 2xx is an answer: it counts as failed, and its time is measured", async () => {
  using server = serve(async (_request, index) => {
    await Bun.sleep(20);
    return new Response("", { status: index % 2 === 0 ? 404 : 501 });
  });
  const target = `http://127.0.0.1:${server.port}/x`;
  const report = balanced(await runLoad({ ...common, rate: 200, count: 100, target }).report);
  expect(report.packets).toMatchObject({ sent: 100, answered: 0, failed: 100, lost: 0 });
  expect(report.statuses).toEqual({ "404": 50, "501": 50 });
  expect(report.failedTime).toMatchObject({ count: 100, packets: 100, over: {} });
  expect(report.failedTime.min).toBeGreaterThan(0.019);
  expect(report.failedTime.p50).toBeGreaterThan(0.019);
  // They have no place in the response times of the contract: percentiles of all packets take them as infinite.
  expect(report.responseTime).toMatchObject({ count: 0, packets: 100, p50: null, over: { p50: 1 } });
  expect([report.verdict.reasons.filter((reason) => reason.includes("answered nothing")), report.ended]).toEqual([
    [],
    "completed",
  ]);
});

test("a 503 that reports a drop is a loss with its direction; any other status outside 2xx is a failure", async () => {
  using server = serve((_request, index) => {
    if (index % 10 === 1) return new Response("", { status: 503, headers: { "X-Wirelab-Fate": "dropped-up" } });
    if (index % 10 === 2) return new Response("", { status: 503, headers: { "X-Wirelab-Fate": "dropped-down" } });
    if (index % 10 === 3) return new Response("", { status: 503 });
    if (index % 10 === 4) return new Response("no", { status: 404 });
    return new Response("yes", { headers: { "Server-Timing": "app;dur=1.5" } });
  });
  const report = balanced(await runLoad({ ...common, target: `127.0.0.1:${server.port}` }).report);
  expect(report.packets).toMatchObject({
    sent: 200,
    answered: 120,
    lost: 40,
    lostUp: 20,
    lostDown: 20,
    droppedUp: 20,
    droppedDown: 20,
    failed: 40,
    unexplained: 0,
  });
  expect(report.statuses).toEqual({ "200": 120, "404": 20, "503": 60 });
  expect(report.serverTime.p50).toBeCloseTo(0.0015, 5);
  expect(report.evidence.kind).toBe("target");
});

test("a stall of the target raises the response time of waiting packets, not their service time", async () => {
  let stalled = false;
  using server = serve((_request, index) => {
    if (index === 50 && !stalled) {
      stalled = true;
      Bun.sleepSync(500);
    }
    return new Response("ok");
  });
  // On one connection the packets after the stalled request wait at the sender.
  const report = balanced(
    await runLoad({ ...common, rate: 200, connections: 1, timeout: 2, target: `127.0.0.1:${server.port}` }).report,
  );
  expect(report.packets).toMatchObject({ sent: 200, answered: 200 });
  expect(report.responseTime.p90).toBeGreaterThan(0.3);
  expect(report.serviceTime.p90).toBeLessThan(0.1);
  expect(report.serviceTime.max).toBeGreaterThan(0.45);
});

test("an untrusted HTTPS certificate is rejected, unless verification is disabled", async () => {
  const { cert, key } = selfSigned();
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: { cert, key }, fetch: () => new Response("ok") });
  const target = `https://127.0.0.1:${server.port}/`;
  const rejected = balanced(await runLoad({ ...common, count: 10, target }).report);
  expect(rejected.packets.answered).toBe(0);
  expect(rejected.verdict.valid).toBe(false);
  expect(rejected.verdict.reasons[0]).toContain("certificate");
  const accepted = balanced(await runLoad({ ...common, count: 50, target, http: { verify: false } }).report);
  expect(accepted.packets).toMatchObject({ sent: 50, answered: 50 });
});

test("without keep-alive each request has its own connection", async () => {
  const closing = new Set<string | null>();
  using server = serve((request) => {
    closing.add(request.headers.get("connection"));
    return new Response("ok");
  });
  const report = balanced(
    await runLoad({
      ...common,
      count: 50,
      rate: 500,
      target: `127.0.0.1:${server.port}`,
      http: { keepAlive: false, method: "GET" },
    }).report,
  );
  expect(report.packets).toMatchObject({ sent: 50, answered: 50, failed: 0 });
  expect([...closing]).toEqual(["close"]);
});

test("another path is requested with GET and the given header fields", async () => {
  const seen = new Set<string>();
  using server = serve((request) => {
    seen.add(`${request.method} ${request.url.replace(/^.*?\d\//, "/")} ${request.headers.get("x-test")}`);
    return new Response("x".repeat(100_000));
  });
  const report = balanced(
    await runLoad({
      ...common,
      count: 20,
      rate: 200,
      target: `http://127.0.0.1:${server.port}/a/b?c=d`,
      http: { headers: [["X-Test", "1"]] },
    }).report,
  );
  expect(report.packets).toMatchObject({ sent: 20, answered: 20 });
  expect([...seen]).toEqual(["GET /a/b?c=d 1"]);
});

test("a chunked body is read to its end", async () => {
  using server = serve(
    () =>
      new Response(
        new ReadableStream({
          async start(controller) {
            for (let part = 0; part < 5; part++) {
              controller.enqueue("part");
              await Bun.sleep(1);
            }
            controller.close();
          },
        }),
      ),
  );
  const report = balanced(
    await runLoad({ ...common, count: 30, rate: 200, target: `127.0.0.1:${server.port}` }).report,
  );
  expect(report.packets).toMatchObject({ sent: 30, answered: 30, corrupt: 0, failed: 0 });
});

test("a target that stops during the run: earlier answers are reported, later packets fail", async () => {
  const server = serve(() => new Response("ok"));
  const run = runLoad({
    protocol: "http",
    timeout: 1,
    duration: 2,
    rate: 200,
    interval: 0.1,
    target: `127.0.0.1:${server.port}`,
  });
  for await (const snapshot of run) if (snapshot.answered > 50) server.stop(true);
  const report = balanced(await run.report);
  expect(report.packets.answered).toBeGreaterThan(50);
  expect(report.packets.failed).toBeGreaterThan(100);
  expect(report.errors).toHaveProperty("ECONNREFUSED");
});

test("a refused connection is one line", async () => {
  const port = deadTcpPort();
  const report = balanced(await runLoad({ ...common, target: `http://127.0.0.1:${port}/` }).report);
  expect(report.packets.sent).toBe(0);
  expect(report.verdict.reasons).toEqual([`nothing listens at 127.0.0.1:${port} (ECONNREFUSED)`]);
});

test("a closed loop answers every packet on its connections", async () => {
  using server = serve(() => new Response("ok"));
  const report = balanced(
    await runLoad({ protocol: "http", rate: "max", count: 3000, connections: 8, target: `127.0.0.1:${server.port}` })
      .report,
  );
  expect(report.packets).toMatchObject({ planned: 3000, sent: 3000, answered: 3000, unsent: 0 });
  expect(report.responseTime.p50).toBeCloseTo(report.serviceTime.p50 ?? 0, 6);
});

test("an answer in another protocol is corrupt, and a connection that ends without one is a loss", async () => {
  await using plain = tcpTarget("plain");
  const notHttp = balanced(await runLoad({ ...common, count: 20, target: `127.0.0.1:${plain.port}` }).report);
  expect(notHttp.packets).toMatchObject({ sent: 20, corrupt: 20, answered: 0 });
  expect(notHttp.errors).toEqual({ "not-http": 20 });
  const cutting = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
  const cut = balanced(await runLoad({ ...common, count: 20, target: `127.0.0.1:${cutting.port}` }).report);
  cutting.stop(true);
  expect(cut.packets).toMatchObject({ sent: 20, lost: 20, unexplained: 20, failed: 0 });
  expect(cut.errors).toEqual({ closed: 20 });
  expect(cut.failedTime.count).toBe(0); // no status came
});

test("a response to HEAD has no body, and a given body is sent unchanged", async () => {
  const bodies = new Set<string>();
  using server = serve(async (request) => {
    bodies.add(`${request.method} ${await request.text()}`);
    return new Response("body", { headers: { "X-More": "1" } });
  });
  const target = `http://127.0.0.1:${server.port}/x`;
  const head = balanced(await runLoad({ ...common, count: 20, target, http: { method: "HEAD" } }).report);
  expect(head.packets).toMatchObject({ answered: 20, corrupt: 0 });
  const put = balanced(
    await runLoad({ ...common, count: 20, target, http: { method: "PUT", body: Buffer.from("äöü") } }).report,
  );
  expect(put.packets).toMatchObject({ answered: 20 });
  expect([...bodies]).toEqual(["HEAD ", "PUT äöü"]);
});

test("a request larger than the socket's buffer arrives completely", async () => {
  let length = 0;
  using server = serve(async (request) => {
    length = (await request.arrayBuffer()).byteLength;
    return new Response("ok");
  });
  const [target, http] = [`127.0.0.1:${server.port}`, { method: "POST" }];
  const report = balanced(await runLoad({ ...common, count: 4, rate: 20, size: 6_000_000, target, http }).report);
  expect(report.packets).toMatchObject({ answered: 4 });
  expect(length).toBe(6_000_000);
});
