/** `startLab` in a program: several labs, ports in use, and a stop that closes everything. */
import { heapStats } from "bun:jsc";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { PORT_PROTOCOLS, REGISTRY } from "../src/base/protocol.ts";
import { type Lab, type LabOptions, startLab } from "../src/lab.ts";
import { ListenError } from "../src/servers/listener.ts";
import { exchange, FORMS, trafficOf, udpStamp } from "./support/clients.ts";
import { freePort } from "./support/free-port.ts";
import { openHttp } from "./support/http.ts";
import { ALL_FREE_PORTS, FREE_PORTS, startTestLab, urlOf } from "./support/lab.ts";
import { openTcp } from "./support/tcp.ts";
import { until } from "./support/until.ts";

setDefaultTimeout(30_000);

const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
const NAMES = [...PORT_PROTOCOLS, "stamp"] as const;
/** Deadline for the exit of a program whose delayed answers are due after 50 s, ms. */
const EXIT_LIMIT_MS = 15_000;

/** The options with which a lab listens on the ports of `lab`. */
function optionsOf({ ports }: Lab): LabOptions {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [`${name}Port`, port]));
}

/** Ports at which a lab can be started more than once. */
function freePorts(): LabOptions {
  return Object.fromEntries(NAMES.map((name) => [`${name}Port`, freePort()]));
}

describe("startLab", () => {
  test("starts two labs with separate faults and counters in one process", async () => {
    await using good = await startTestLab();
    await using bad = await startTestLab({ impair: { ...NO_FAULTS, udp: { drop: { up: 1, down: 0 } } } });
    for (const [lab, answered] of [
      [good, 5],
      [bad, 0],
    ] as const) {
      await using client = await udpStamp.connect(lab);
      const traffic = await exchange(lab, udpStamp, client, 5);
      expect([traffic.packets, traffic.answered]).toEqual([5, answered]);
    }
    expect((await trafficOf(good, "udp")).packets).toBe(5);
  });

  test.each(NAMES)("rejects with the name of the port of %s if it is in use, and leaves no port open", async (name) => {
    await using holder = await startTestLab({ ...ALL_FREE_PORTS, stampPort: 0 });
    const used = holder.ports[name] ?? 0;
    const free = freePorts();
    const error = await startLab({ ...free, [`${name}Port`]: used }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ListenError);
    const shown = name === "stamp" ? "STAMP" : REGISTRY[name].title;
    expect(String(error)).toBe(`ListenError: ${shown} port ${used} on 127.0.0.1 is in use`);
    await using after = await startLab(free);
    expect(after.ports.http).toBe(free.httpPort ?? 0);
  });
});

describe("stop", () => {
  test("frees the ports, and may be called several times", async () => {
    const lab = await startTestLab(ALL_FREE_PORTS);
    await Promise.all([lab.stop(), lab.stop()]);
    await lab.stop();
    await lab[Symbol.asyncDispose]();
    await using again = await startLab(optionsOf(lab));
    expect(again.ports).toEqual(lab.ports);
  });

  test.each(FORMS.map((form) => [form.name, form] as const))("sends the delayed answers: %s", async (_, form) => {
    const lab = await startTestLab({
      impair: { ...NO_FAULTS, [form.protocol]: { delay: { kind: "fixed", ms: 200 } } },
    });
    await using client = await form.connect(lab);
    const sent = [client.send(0), client.send(1)];
    await until(async () => (await trafficOf(lab, form.protocol)).packets === 2, "two packets received");
    await lab.stop();
    await Promise.all(sent);
    await until(() => client.replies.length === 2, "both answers");
    for (const { body } of client.replies) expect(body.length).toBe(form.replyBytes);
  });

  test("neither answers nor counts packets that arrive during the stop", async () => {
    const lab = await startTestLab({ impair: { ...NO_FAULTS, udp: { delay: { kind: "fixed", ms: 300 } } } });
    await using client = await udpStamp.connect(lab);
    using tcp = await openTcp(lab.ports.tcp);
    tcp.write("Hello");
    await until(() => tcp.read.length === 7, "the connection");
    await client.send(0);
    await until(async () => (await trafficOf(lab, "udp")).packets === 1, "packet 0 received");
    const stopped = lab.stop();
    await client.send(1);
    tcp.write("Hello");
    await stopped;
    await until(() => client.replies.length === 1 && tcp.ended, "the delayed answer and the end of the connection");
    expect([client.replies.map(({ n }) => n), tcp.read.length]).toEqual([[0], 7]);
  });

  test("is not delayed by an incomplete body, a viewer or a peer that does not read", async () => {
    const lab = await startTestLab();
    using body = await openHttp(lab.ports.http);
    body.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    using viewer = await openHttp(lab.ports.http);
    expect((await viewer.ask("GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")).status).toBe(200);
    using slow = await openTcp(lab.ports.tcp);
    slow.pause();
    slow.write("STAMP/1\n");
    const startedAt = performance.now();
    await lab.stop();
    expect(performance.now() - startedAt).toBeLessThan(1500);
    await until(() => body.ended && viewer.ended, "the end of both connections");
  });

  test("lets the program exit: no timer remains, even if a delayed answer is due later", async () => {
    const pathOf = (module: string) => JSON.stringify(new URL(module, import.meta.url).pathname);
    const program = `
      import { startLab } from ${pathOf("../src/index.ts")};
      import { scrape } from ${pathOf("./support/scrape.ts")};
      import { until } from ${pathOf("./support/until.ts")};
      const delay = { kind: "fixed", ms: 50_000 };
      const lab = await startLab({
        ...${JSON.stringify(FREE_PORTS)}, limits: { stopMs: 50 }, impair: { http: { delay }, tcp: { delay }, udp: { delay } },
      });
      const post = () => fetch("http://127.0.0.1:" + lab.ports.http, { method: "POST", body: "{}" }).catch(() => {});
      const first = post();
      await until(async () => (await scrape(lab)).get("packets_total", { protocol: "http" }) === 1, "the first request");
      const stopped = lab.stop();
      const posts = setInterval(post, 5);
      await stopped;
      clearInterval(posts);
      await first;
      console.log("stopped");
    `;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" });
    const exited = await Promise.race([
      child.exited,
      until(() => false, "the exit", EXIT_LIMIT_MS).catch(() => "still running"),
    ]);
    child.kill("SIGKILL");
    expect([await new Response(child.stdout).text(), await new Response(child.stderr).text(), exited]).toEqual([
      "stopped\n",
      "",
      0,
    ]);
  });
});

test("a lab that starts on the ports of a stopped one receives none of its packets", async () => {
  const ports = freePorts();
  for (let round = 0; round < 3; round++) {
    const lab: Lab = await startLab(ports);
    expect((await fetch(urlOf(lab, "/readyz"))).status).toBe(200);
    expect((await trafficOf(lab, "udp")).packets).toBe(0);
    await using client = await udpStamp.connect(lab);
    await exchange(lab, udpStamp, client, 3);
    await lab.stop();
  }
});

/** The labs that the process still holds, by their HTTP servers. */
function heldServers(): number {
  Bun.gc(true);
  return heapStats().objectTypeCounts.HTTPServer ?? 0;
}

test("a stopped lab is garbage, and leaves no listener at the process", async () => {
  await (await startTestLab()).stop();
  const servers = heldServers();
  const listeners = process.listenerCount("beforeExit");
  for (let round = 0; round < 8; round++) await (await startTestLab()).stop();
  expect(process.listenerCount("beforeExit")).toBe(listeners);
  // The collector is conservative: the last one or two can still be on the stack.
  await until(() => heldServers() <= servers + 2, "the collection of the stopped labs", 10_000);
});
