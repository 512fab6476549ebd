/** The process itself: how it starts, what it says, what it refuses, and how it stops. */
import { describe, expect, test } from "bun:test";
import { version } from "../package.json";
import { testPacket } from "./support/clients.ts";
import { openHttp } from "./support/http.ts";
import { runMain, startMain } from "./support/process.ts";
import { scrape } from "./support/scrape.ts";
import { openTcp } from "./support/tcp.ts";
import { openUdp } from "./support/udp.ts";
import { until } from "./support/until.ts";

const SCRIPT = Bun.which("script");
if (!SCRIPT) console.warn("SKIPPED: script(1) is not installed, so no test sees the lab on a terminal");

describe("start", () => {
  test("says in one line where it listens, and what it was told", async () => {
    await using lab = await startMain(["--impair", "classroom", "--stamp-port", "0"]);
    const [line = "", ...more] = lab.out.trim().split("\n");
    expect(more).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({
      level: "info",
      message: "wirelab listens",
      version,
      host: "127.0.0.1",
      faults: "http:drop=0.2,delay=uniform(0,1500);tcp:drop=0.2;udp:drop=0.2",
    });
    for (const name of ["http", "tcp", "udp", "stamp"]) expect(JSON.parse(line)[name]).toBeGreaterThan(0);
    expect((await fetch(`http://127.0.0.1:${lab.ports.http}/readyz`)).status).toBe(200);
    expect(lab.err).toBe("");
  });

  test.skipIf(!Bun.which("script"))(
    "on a terminal gives one screen with every address and something to try",
    async () => {
      await using lab = await startOnTerminal();
      const { screen } = lab;
      for (const text of ["HTTP", "TCP", "UDP", "/metrics", "/swagger", "curl", "nc -u", "Ctrl-C", "faults   none"]) {
        expect(screen).toContain(text);
      }
      expect(screen.split("\n").length).toBeLessThan(25);
    },
  );

  test("variables reach it, and an empty one is unset", async () => {
    await using lab = await startMain([], {
      WIRELAB_IMPAIR: "udp:drop=1",
      WIRELAB_TOKEN: "",
      WIRELAB_LOG_LEVEL: "info",
    });
    const impairments = await (await fetch(`http://127.0.0.1:${lab.ports.http}/impairments`)).json();
    expect(impairments.text).toBe("udp:drop=1");
  });

  test("at debug tells of each packet in a line of JSON", async () => {
    await using lab = await startMain(["--log-level", "debug"]);
    using peer = await openUdp();
    peer.send("Hello UDP 7", lab.ports.udp);
    const line = await until(() => lab.out.split("\n").find((line) => line.includes('"packet"')), "its line");
    expect(JSON.parse(line)).toMatchObject({
      message: "packet",
      protocol: "udp",
      peer: `127.0.0.1:${peer.port}`,
      bytes: 11,
      outcome: "answered",
    });
    expect(JSON.parse(line).responseTimeMs).toBeGreaterThan(0);
  });
});

/** The process on a pseudo-terminal, which script(1) makes. */
async function startOnTerminal() {
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  const command = `${process.execPath} ${main} --http-port 0 --tcp-port 0 --udp-port 0`;
  const child = Bun.spawn(["script", "-qefc", command, "/dev/null"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    env: { PATH: process.env.PATH ?? "", TERM: "xterm" },
  });
  let screen = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) screen += decoder.decode(chunk, { stream: true });
  })();
  await until(() => screen.includes("Ctrl-C"), "the screen");
  return {
    screen,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

describe("what cannot be", () => {
  test.each([
    [
      ["--udp-port", "70000"],
      {},
      '--udp-port="70000": not allowed; allowed: a port from 0 to 65535, 0 for any free one',
    ],
    [[], { WIRELAB_SEED: "x" }, 'WIRELAB_SEED="x": not allowed; allowed: an integer from 0 to 4294967295'],
    [
      ["--impair", "udp:drop=2"],
      {},
      '--impair="udp:drop=2": "2" is no value for drop at character 10; allowed: P or UP/DOWN, each from 0 to 1',
    ],
    [
      [],
      { WIRELAB_TOKEN: "short" },
      "WIRELAB_TOKEN=(not shown): not allowed; allowed: 8 or more printable characters without a space",
    ],
  ])("%j %j ends with status 2 and one line", async (args, env, line) => {
    expect(await runMain(args, env)).toEqual({ status: 2, out: "", err: `wirelab: ${line}\n` });
  });

  test("a port in use ends with status 1 and one line that names it, whichever it is", async () => {
    await using lab = await startMain();
    for (const name of ["http", "tcp", "udp"] as const) {
      const args = ["http", "tcp", "udp"].flatMap((other) => [
        `--${other}-port`,
        other === name ? `${lab.ports[name]}` : "0",
      ]);
      const line = `wirelab: ${name.toUpperCase()} port ${lab.ports[name]} on 127.0.0.1 is in use\n`;
      expect(await runMain(args)).toEqual({ status: 1, out: "", err: line });
    }
  });

  test("an address that is not this machine's, too", async () => {
    const { status, err } = await runMain(["--host", "203.0.113.1"]);
    expect([status, err]).toEqual([
      1,
      "wirelab: UDP port 7000 on 203.0.113.1 is not available: 203.0.113.1 is not an address of this machine\n",
    ]);
  });

  test("a name that is none, too", async () => {
    const { status, err } = await runMain(["--host", "no-such-host.invalid"]);
    expect(status).toBe(1);
    expect(err).toMatch(/^wirelab: UDP port 7000 on no-such-host\.invalid is not available: .+\n$/);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("help and version come on stdout with status 0", async () => {
    const help = await runMain(["--help"], { WIRELAB_SEED: "not looked at" });
    expect([help.status, help.err]).toEqual([0, ""]);
    expect(help.out).toContain("usage: bun src/main.ts [flags]");
    expect(await runMain(["--version"])).toEqual({ status: 0, out: `${version}\n`, err: "" });
  });
});

describe("stop", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s: what is in flight is delivered on all three, then it ends with 0",
    async (signal) => {
      await using lab = await startMain(["--impair", "http:delay=500;tcp:delay=500;udp:delay=500"]);
      using udp = await openUdp();
      using tcp = await openTcp(lab.ports.tcp);
      using http = await openHttp(lab.ports.http);
      udp.send(testPacket(1), lab.ports.udp);
      tcp.write("Hello TCP 7");
      const answer = http.ask("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
      await until(async () => {
        const series = await scrape(lab.ports.http);
        return series.sum("packets_total") === 3;
      }, "three packets in flight");
      const startedAt = performance.now();
      lab.signal(signal);
      expect(await lab.exited).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(2500);
      expect((await answer).body).toBe('{"status":"received"}');
      await until(() => udp.got.length === 1 && tcp.read.length === 7, "the other two answers");
      expect(tcp.read.toString()).toBe("ACK-TCP");
      expect(lab.out).toContain(`${signal}: stopping; a second signal ends the process at once`);
      expect(lab.err).toBe("");
    },
  );

  test("waits no longer than its limit: what is due later goes at once", async () => {
    await using lab = await startMain(["--impair", "udp:delay=60000"]);
    using udp = await openUdp();
    udp.send(testPacket(1), lab.ports.udp);
    await until(async () => (await scrape(lab.ports.http)).sum("packets_total") === 1, "in flight");
    lab.signal("SIGTERM");
    expect(await lab.exited).toBe(0);
    await until(() => udp.got.length === 1, "the answer");
  });

  test("a second signal ends it at once", async () => {
    await using lab = await startMain(["--impair", "udp:delay=60000"]);
    using udp = await openUdp();
    udp.send(testPacket(1), lab.ports.udp);
    await until(async () => (await scrape(lab.ports.http)).sum("packets_total") === 1, "in flight");
    lab.signal("SIGINT");
    await until(() => lab.out.includes("a second signal ends the process at once"), "it is stopping");
    const startedAt = performance.now();
    lab.signal("SIGINT");
    expect(await lab.exited).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(700); // the limit for what is in flight is 1000 ms
    expect(udp.got).toEqual([]);
  });

  test("idle connections of every kind do not keep it", async () => {
    await using lab = await startMain();
    using tcp = await openTcp(lab.ports.tcp);
    using framed = await openTcp(lab.ports.tcp);
    framed.write("STAMP/1\n", Buffer.of(0, 44, 1));
    using http = await openHttp(lab.ports.http);
    expect((await http.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")).status).toBe(200);
    using body = await openHttp(lab.ports.http);
    body.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{");
    const live = await fetch(`http://127.0.0.1:${lab.ports.http}/live`);
    lab.signal("SIGTERM");
    expect(await lab.exited).toBe(0);
    await until(() => tcp.ended && framed.ended && http.ended && body.ended, "all are closed");
    await live.body?.cancel().catch(() => {});
  });
});
