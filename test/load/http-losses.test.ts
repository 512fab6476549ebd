/** The directions of the losses of HTTP runs, beside the lab's own counts. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { KINDS_OF } from "../../src/faults/faults.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import { parseHttpLosses } from "../../src/load/measure/directions/http-losses.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { balanced } from "./support/sums.ts";

setDefaultTimeout(20_000);

async function report(options: Partial<LoadOptions>) {
  return balanced(await runLoad({ protocol: "http", rate: 400, count: 240, timeout: 1, wait: 1.5, ...options }).report);
}

/** Packets of the lab, and those that it lost on purpose by direction. */
async function lostBy(lab: Lab) {
  const series = await scrape(lab);
  const sumOf = (direction: string) =>
    KINDS_OF.http
      .filter((kind) => ["drop", "close", "stall", "burst"].includes(kind))
      .reduce((sum, kind) => sum + series.sum("wirelab_impairments_total", { protocol: "http", kind, direction }), 0);
  return { packets: series.get("packets_total", { protocol: "http" }), up: sumOf("up"), down: sumOf("down") };
}

describe("losses of HTTP", () => {
  test.each([
    ["close=0.2/0.1", {}],
    ["stall=0.05/0.05", {}],
    ["close=1", { count: 100 }],
    ["drop=0.1/0.1,close=0.05/0.1,stall=0.02/0.03,burst=gilbert(0.02,0.4),delay=2,status=500:0.1", {}],
    ["close=0.1/0.1", { http: { keepAlive: false } }],
    ["close=0.1/0.1", { rate: "max" as const, connections: 4 }],
  ])("are the lab's own counts to the packet, dropped on purpose: %s %j", async (text, options) => {
    await using lab = await startTestLab({ impair: parseImpairments(`http:${text}`), seed: 3 });
    const { packets, evidence } = await report({ target: `127.0.0.1:${lab.ports.http}`, ...options });
    const truth = await lostBy(lab);
    expect(truth.up).toBeGreaterThan(0);
    expect(packets).toMatchObject({
      sent: truth.packets,
      lost: truth.up + truth.down,
      lostUp: truth.up,
      lostDown: truth.down,
      droppedUp: truth.up,
      droppedDown: truth.down,
      unexplained: 0,
    });
    expect(evidence).toEqual({ kind: "lab", text: "from the lab's session summary" });
  });

  test("of a warm-up are not those of the run", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("http:close=1"), seed: 3 });
    const target = `127.0.0.1:${lab.ports.http}`;
    const { packets } = await report({ target, rate: 200, count: 40, warmup: 0.2 });
    expect(packets).toMatchObject({ sent: 40, lost: 40, lostUp: 40, droppedUp: 40, unexplained: 0 });
    expect((await lostBy(lab)).packets).toBe(80);
  });

  test("are unexplained without the lab's counts; what its responses report is not", async () => {
    await using lab = await startTestLab({ impair: parseImpairments("http:drop=0.2,close=0.2"), seed: 3 });
    const target = `127.0.0.1:${lab.ports.http}`;
    const { packets, evidence, errors } = await report({ target, control: false });
    const series = await scrape(lab);
    const injected = (kind: string) =>
      series.get("wirelab_impairments_total", { protocol: "http", kind, direction: "up" });
    expect(packets).toMatchObject({ lostUp: injected("drop"), lostDown: 0, unexplained: injected("close"), failed: 0 });
    expect(errors).toEqual({ closed: injected("close") });
    expect(evidence.kind).toBe("target");
  });
});

/** Forwards each request to the lab until there is a response, and answers none of those that `isLost` selects. */
function retryingProxy(lab: Lab, isLost: (request: number) => boolean) {
  let requests = 0;
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, server) {
      const [number, body] = [requests++, await request.arrayBuffer()];
      const url = new URL(new URL(request.url).pathname, `http://127.0.0.1:${lab.ports.http}`);
      const { method, headers } = request;
      for (;;) {
        const response = await fetch(url, { method, headers, body, keepalive: false }).catch(() => undefined);
        if (response === undefined) continue;
        if (!isLost(number)) return response;
        server.timeout(request, 0);
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      }
    },
  });
}

test("requests that a proxy sends again, so that the lab lost more than the run, give losses no direction", async () => {
  await using lab = await startTestLab({ impair: parseImpairments("http:close=0.3/0.2"), seed: 3 });
  using proxy = retryingProxy(lab, (request) => request % 10 === 5);
  const target = `http://127.0.0.1:${proxy.port}/`;
  const control = `127.0.0.1:${lab.ports.http}`;
  const options = { http: { method: "POST" }, control, rate: 200, count: 100, timeout: 0.5, wait: 0.6 };
  const { packets, evidence } = await report({ ...options, target });
  expect((await lostBy(lab)).up).toBeGreaterThan(packets.lost);
  expect(packets).toMatchObject({ lost: 10, lostUp: 0, lostDown: 0, droppedUp: 0, droppedDown: 0, unexplained: 10 });
  expect(evidence.text).toContain("the lab lost more requests of this run than the run");
});

describe("connections of a server that is no lab", () => {
  const runAgainst = async (response: string, end: "end" | "terminate") => {
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.write(response);
          socket[end]();
        },
      },
    });
    return await report({ target: `127.0.0.1:${server.port}`, rate: 200, count: 20 });
  };

  test("that end in place of a response are losses without a direction", async () => {
    const { packets, errors } = await runAgainst("", "end");
    expect(packets).toMatchObject({ lost: 20, failed: 0, unexplained: 20 });
    expect(errors).toEqual({ closed: 20 });
  });

  test("that end within a response, or are reset, are failures", async () => {
    expect((await runAgainst("HTTP/1.1 200 OK\r\nContent-Le", "end")).packets).toMatchObject({ lost: 0, failed: 20 });
    expect((await runAgainst("", "terminate")).packets).toMatchObject({ lost: 0, failed: 20 });
  });
});

test("a response that is not the session's is none", () => {
  const id = "0123456789abcdef";
  expect(parseHttpLosses({ id, dropped: { up: 1, down: 2 } }, id)).toEqual({ up: 1, down: 2 });
  for (const body of [
    null,
    "x",
    {},
    { id },
    { id: "f", dropped: { up: 1, down: 2 } },
    { id, dropped: { up: -1, down: 0 } },
  ])
    expect(parseHttpLosses(body, id)).toBeUndefined();
});
