/** src/main.ts as a process: its output at the start, its errors and exit statuses, and its stop on a signal. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { version } from "../package.json";
import { CLASSICS, PORT_PROTOCOLS, REGISTRY } from "../src/base/protocol.ts";
import { DAY_MS } from "../src/certificates/certificate.ts";
import { makeAuthority, makeCertificate } from "../src/certificates/make.ts";
import { temporaryFolder } from "./certificates/support.ts";
import { talk } from "./relay/support/relay.ts";
import { testPacket } from "./support/clients.ts";
import { openHttp } from "./support/http.ts";
import { runMain, START_LIMIT_MS, startMain } from "./support/process.ts";
import { scrape } from "./support/scrape.ts";
import { openTcp } from "./support/tcp.ts";
import { openUdp } from "./support/udp.ts";
import { until } from "./support/until.ts";

setDefaultTimeout(60_000);

/** The port that the lab opens first: that of the last protocol. */
const FIRST = PORT_PROTOCOLS.map((protocol) => `${REGISTRY[protocol].title} port ${REGISTRY[protocol].port}`).at(-1);
const SCRIPT = Bun.which("script");
if (!SCRIPT) console.warn("SKIPPED: script(1) is not installed; the output on a terminal is not tested");

describe("start", () => {
  test("opens the relays of the flags with their faults, and writes where they listen", async () => {
    await using target = await startMain();
    const relays = ["--relay", `api=tcp:0>127.0.0.1:${target.ports.tcp}`, "--relay", "dns=udp:0>[::1]:53"];
    await using lab = await startMain([...relays, "--relay-impair", "api:limit=none/3"]);
    const form = `^api=tcp:127\\.0\\.0\\.1:(\\d+)>127\\.0\\.0\\.1:${target.ports.tcp},dns=udp:127\\.0\\.0\\.1:\\d+>\\[::1\\]:53$`;
    const [, port] = new RegExp(form).exec(JSON.parse(lab.out.trim()).relays) ?? [];
    expect(await talk(Number(port), "Hello TCP 7")).toBe("ACK");
  });

  test("writes one line with the ports, the version and the faults", async () => {
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
    for (const name of [...CLASSICS, "stamp"]) expect(JSON.parse(line)[name]).toBeGreaterThan(0);
    expect((await fetch(`http://127.0.0.1:${lab.ports.http}/readyz`)).status).toBe(200);
    expect(lab.err).toBe("");
  });

  test("names no fault of a protocol that is not served", async () => {
    await using lab = await startMain(["--tls-port", "off", "--impair", "tls:drop=0.1;tcp:drop=0.2"]);
    const lines = lab.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ level, faults }) => [level, faults])).toEqual([
      ["warn", undefined],
      ["info", "tcp:drop=0.2"],
    ]);
  });

  test.skipIf(!SCRIPT)("on a terminal writes one screen with the addresses and example commands", async () => {
    await using lab = await startOnTerminal();
    const { screen } = lab;
    const portAfter = (word: string) => new RegExp(`${word} +127\\.0\\.0\\.1:(\\d+)`).exec(screen)?.[1];
    for (const text of ["HTTP", "TCP", "UDP", "/metrics", "/swagger", "curl", "nc -u", "Ctrl-C"]) {
      expect(screen).toContain(text);
    }
    expect(screen).toMatch(/^ {2}faults {4}none /m);
    expect(screen).toMatch(/^ {2}WebSocket 127\.0\.0\.1:\d+ +ws:/m); // the longest name
    expect(screen).toContain(`curl -O http://127.0.0.1:${portAfter("HTTP")}/ca.pem`);
    expect(screen).toMatch(/^ {2}relay {5}udp:127\.0\.0\.1:\d+ +db > 127\.0\.0\.1:9, faults delay=0\/20\r?$/m);
    expect(screen.split("\n").length).toBeLessThan(25);
    expect(screen).toContain(
      `scripts/load.ts --proto udp --target 127.0.0.1:${portAfter("UDP")} --control 127.0.0.1:${portAfter("HTTP")}`,
    );
  });

  test("reads environment variables; an empty one is unset", async () => {
    await using lab = await startMain([], {
      WIRELAB_IMPAIR: "udp:drop=1",
      WIRELAB_TOKEN: "",
      WIRELAB_LOG_LEVEL: "info",
    });
    const impairments = await (await fetch(`http://127.0.0.1:${lab.ports.http}/impairments`)).json();
    expect(impairments.text).toBe("udp:drop=1");
  });

  test("warns of a variable that does not exist", async () => {
    await using lab = await startMain([], { WIRELAB_HTP_PORT: "8080" });
    const [line = ""] = lab.out.split("\n");
    expect(JSON.parse(line)).toMatchObject({
      level: "warn",
      message: "WIRELAB_HTP_PORT: no such variable, it has no effect; did you mean WIRELAB_HTTP_PORT?",
    });
  });

  test("at log level debug writes a line of JSON for each packet", async () => {
    await using lab = await startMain(["--log-level", "debug"]);
    using peer = await openUdp();
    peer.send("Hello UDP 7", lab.ports.udp);
    const line = await until(() => lab.out.split("\n").find((line) => line.includes('"packet"')), "the line");
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

/** The process on a pseudo-terminal of script(1). */
async function startOnTerminal() {
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  const ports = PORT_PROTOCOLS.map((protocol) => `--${protocol}-port 0`).join(" ");
  const relay = "--relay 'db=udp:0>127.0.0.1:9' --relay-impair db:delay=20";
  const command = `${process.execPath} ${main} ${ports} ${relay}`;
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
  await until(() => screen.includes("Ctrl-C"), "the screen", START_LIMIT_MS);
  return {
    screen,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

describe("an error at the start", () => {
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
      '--impair="udp:drop=2": "2" is not a valid value for drop at character 10; allowed: P or UP/DOWN, each from 0 to 1, or 0% to 100%',
    ],
    [
      [],
      { WIRELAB_TOKEN: "short" },
      "WIRELAB_TOKEN=(not shown): not allowed; allowed: 8 or more printable characters without a space",
    ],
  ])("in the configuration %j %j exits with status 2 and one line", async (args, env, line) => {
    expect(await runMain(args, env)).toEqual({ status: 2, out: "", err: `wirelab: ${line}\n` });
  });

  test("for a port in use exits with status 1 and one line with the port, its flag and its variable", async () => {
    await using lab = await startMain();
    for (const name of CLASSICS) {
      const args = CLASSICS.flatMap((other) => [`--${other}-port`, other === name ? `${lab.ports[name]}` : "0"]).concat(
        "--tls",
        "off",
      );
      const advice = `choose another with --${name}-port or WIRELAB_${name.toUpperCase()}_PORT`;
      const line = `wirelab: ${REGISTRY[name].title} port ${lab.ports[name]} on 127.0.0.1 is in use; ${advice}\n`;
      expect(await runMain(args)).toEqual({ status: 1, out: "", err: line });
    }
  });

  test("for a port of TLS in use the line also says that `off` leaves it closed", async () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const args = [...CLASSICS.flatMap((name) => [`--${name}-port`, "0"]), "--tls-port", `${taken.port}`];
    const advice = "choose another with --tls-port or WIRELAB_TLS_PORT; off leaves it closed";
    const line = `wirelab: TLS port ${taken.port} on 127.0.0.1 is in use; ${advice}\n`;
    const others = ["https", "http2", "http3"].flatMap((name) => [`--${name}-port`, "off"]);
    expect(await runMain([...args, ...others])).toEqual({ status: 1, out: "", err: line });
  });

  test("for a relay whose port is in use exits with status 1 and one line with its flag and its variable", async () => {
    await using lab = await startMain();
    const free = CLASSICS.flatMap((protocol) => [`--${protocol}-port`, "0"]);
    const relay = `api=tcp:${lab.ports.tcp}>127.0.0.1:9`;
    const { status, err } = await runMain([...free, "--tls", "off", "--relay", relay]);
    const line = `relay api: tcp port ${lab.ports.tcp} on 127.0.0.1 is in use; choose another with --relay or WIRELAB_RELAYS`;
    expect([status, err]).toEqual([1, `wirelab: ${line}\n`]);
  });

  test("for a certificate that has expired exits with status 2 and one line with its file", async () => {
    using folder = temporaryFolder();
    const past = Date.now() - 800 * DAY_MS; // a certificate is valid for 397 days
    const pair = await makeCertificate(await makeAuthority(["localhost"], past), ["localhost"], past);
    const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    await Promise.all([Bun.write(cert, pair.cert), Bun.write(key, pair.key)]);
    const { status, err } = await runMain(["--tls-cert", cert, "--tls-key", key]);
    expect([status, err]).toEqual([2, expect.stringMatching(/^wirelab: .*cert\.pem: expired at \d.*\n$/)]);
  });

  test("for an address of another machine exits with status 1 and one line with the address", async () => {
    const { status, err } = await runMain(["--host", "203.0.113.1"]);
    expect([status, err]).toEqual([
      1,
      `wirelab: ${FIRST} on 203.0.113.1 is not available: 203.0.113.1 is not an address of this machine; choose another with --host or WIRELAB_HOST\n`,
    ]);
  });

  test("for an unknown host name exits with status 1 and one line with the name", async () => {
    const { status, err } = await runMain(["--host", "no-such-host.invalid"]);
    expect(status).toBe(1);
    expect(err).toStartWith(`wirelab: ${FIRST} on no-such-host.invalid is not available: `);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("does not occur with --help and --version, which write to stdout and exit with status 0", async () => {
    const help = await runMain(["--help"], { WIRELAB_SEED: "invalid" });
    expect([help.status, help.err]).toEqual([0, ""]);
    expect(help.out).toContain("usage: bun src/main.ts [flags]");
    expect(await runMain(["--version"])).toEqual({ status: 0, out: `${version}\n`, err: "" });
  });
});

describe("stop", () => {
  test.concurrent.each(["SIGINT", "SIGTERM"] as const)(
    "on %s sends the delayed answers of all protocols and exits with status 0",
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
      }, "three packets received");
      const startedAt = performance.now();
      lab.signal(signal);
      expect(await lab.exited).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(5000);
      expect((await answer).body).toBe('{"status":"received"}');
      await until(() => udp.got.length === 1 && tcp.read.length === 7, "the other two answers");
      expect(tcp.read.toString()).toBe("ACK-TCP");
      expect(lab.out).toContain(`${signal}: stopping; a second signal ends the process at once`);
      expect(lab.err).toBe("");
    },
  );

  test.concurrent("after its time limit sends the remaining answers at once", async () => {
    await using lab = await startMain(["--impair", "udp:delay=60000"]);
    using udp = await openUdp();
    udp.send(testPacket(1), lab.ports.udp);
    await until(async () => (await scrape(lab.ports.http)).sum("packets_total") === 1, "the packet");
    lab.signal("SIGTERM");
    expect(await lab.exited).toBe(0);
    await until(() => udp.got.length === 1, "the answer");
  });

  test.concurrent("on a second signal exits at once with status 130", async () => {
    await using lab = await startMain(["--impair", "udp:delay=60000"]);
    using udp = await openUdp();
    udp.send(testPacket(1), lab.ports.udp);
    await until(async () => (await scrape(lab.ports.http)).sum("packets_total") === 1, "the packet");
    lab.signal("SIGINT");
    await until(() => lab.out.includes("a second signal ends the process at once"), "the first signal");
    // A signal within 10 ms of the first one is the same request.
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 20, "another request");
    lab.signal("SIGINT");
    // After the time limit the process would send the answer and exit with status 0.
    expect(await lab.exited).toBe(130);
    expect(udp.got).toEqual([]);
  });

  test.concurrent("is not delayed by idle connections", async () => {
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
    await until(() => tcp.ended && framed.ended && http.ended && body.ended, "the end of all connections");
    await live.body?.cancel().catch(() => {});
  });
});
