/** Starts two labs, one of them under load, a load run for each protocol, and Prometheus. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { byProtocol, PROTOCOLS, type Protocol } from "../../src/base/protocol.ts";
import { parseLinkFaults } from "../../src/faults/link-text.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import { freePort } from "../support/free-port.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { ROOT, type Tree, tree, type Value } from "./files.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";
import { until } from "./wait.ts";

/** The running processes. */
export interface Scene {
  readonly prometheus: Prometheus;
  /** The lab that the clients send to, with faults similar to the classroom's, and an idle one. */
  readonly labs: { readonly busy: Lab; readonly idle: Lab };
  /**
   * Changes the faults of the idle lab and sends it invalid input, and connects to the busy one over TLS, so that the
   * dashboards have data for these. Sends packets through a relay that loses some, and connects to one without an upstream.
   */
  disturb(): Promise<void>;
  /** Waits for the clients to end; returns their reports by protocol. */
  finish(): Promise<Readonly<Record<string, Tree>>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * 50 packets per second from each client: enough for stable ratios, few enough for a shared machine. Then one packet after
 * eleven seconds, which is longer than its waiting time and a scrape: the last scrape has all of the report but one.
 */
const STAGES = "50/36s,0.09/12s";

/** The protocols of the clients. */
export const SENT = PROTOCOLS;

/** The classroom faults with a shorter delay, so that no answer is late on an overloaded machine. */
const FAULTS =
  "http:drop=0.2,delay=uniform(0,300);tcp:drop=0.2;udp:drop=0.2;https:drop=0.2;http2:drop=0.2;http3:drop=0.2;websocket:drop=0.2;tls:drop=0.2";

function startClient(protocol: Protocol, lab: Lab, metricsPort: number, report: string) {
  const flags = [
    `--proto=${protocol}`,
    `--target=127.0.0.1:${lab.ports[protocol]}`,
    `--control=127.0.0.1:${lab.ports.http}`,
    `--stages=${STAGES}`,
    `--metrics-port=${metricsPort}`,
    `--json=${report}`,
    "--quiet",
    // Handshakes throughout the run: those of open connections can all be over before the first scrape.
    ...(protocol === "http" ? ["--no-keep-alive"] : []),
  ];
  return Bun.spawn(["bun", "scripts/load.ts", ...flags], {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
}

/** Connects over TLS and closes the connection after the handshake. */
async function shakeHands(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.end();
}

/** Opens two relays of a lab: to an echo, with losses and rates, and to a port that nobody has. Returns what uses both once. */
async function openRelays(lab: Lab, stack: AsyncDisposableStack): Promise<() => Promise<void>> {
  const echo = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (own, data, port, address) => void own.send(data, port, address), error() {} },
  });
  stack.defer(() => echo.close());
  const listen = { host: "127.0.0.1", port: 0 };
  const upstreamAt = (port: number) => ({ host: "127.0.0.1", port });
  const lossy = await lab.relays.put({ name: "lossy", protocol: "udp", listen, upstream: upstreamAt(echo.port) });
  lossy.setFaults(parseLinkFaults("udp", "drop=0.5/0.5,delay=5,rate=10M"));
  const alone = await lab.relays.put({ name: "alone", protocol: "tcp", listen, upstream: upstreamAt(freePort()) });
  return async () => {
    const client = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: lossy.port } });
    for (let n = 0; n < 20; n++) client.send("Hello");
    client.close();
    const ended = Promise.withResolvers<void>();
    connectTcp(alone.port, "127.0.0.1") // which the relay resets
      .on("error", () => {})
      .on("close", ended.resolve);
    await ended.promise;
  };
}

/** Starts everything; `binary` is the path of Prometheus. Resolves when the clients send and Prometheus scrapes. */
export async function startScene(binary: string): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const busy = stack.use(await startTestLab({ ...ALL_FREE_PORTS, impair: parseImpairments(FAULTS), seed: 7 }));
  const idle = stack.use(await startTestLab());
  const useRelays = await openRelays(idle, stack);
  const metricsPorts = byProtocol(freePort);
  const prometheus = stack.use(
    await startPrometheus(binary, {
      wirelab: [busy, idle].map((lab) => `127.0.0.1:${lab.ports.http}`),
      "wirelab-traffic": SENT.map((protocol) => `127.0.0.1:${metricsPorts[protocol]}`),
    }),
  );
  // A rate does not include what was counted before the first scrape, so the clients start after it.
  await until("the first scrape of both labs", 20, async () =>
    (await prometheus.query('count(count by (instance) (packets_total{job="wirelab"})) == 2')).length > 0
      ? true
      : undefined,
  );
  const directory = await mkdtemp(join(tmpdir(), "wirelab-reports-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const clients = SENT.map((protocol) =>
    startClient(protocol, busy, metricsPorts[protocol], join(directory, `${protocol}.json`)),
  );
  const errors = clients.map((client) => new Response(client.stderr).text());
  const ended = () => Promise.all(clients.map((client) => client.exited));
  stack.defer(async () => {
    for (const client of clients) client.kill();
    await ended();
  });
  const idleUrl = `http://127.0.0.1:${idle.ports.http}`;
  let drop = 0.5;
  const owned = stack.move();
  return {
    prometheus,
    labs: { busy, idle },
    async disturb() {
      drop = 1 - drop;
      await fetch(`${idleUrl}/impairments`, { method: "PUT", body: `udp:drop=${drop / 2}` });
      await shakeHands(busy.ports.tls ?? 0);
      await useRelays();
      await fetch(idleUrl, { method: "POST", headers: { "content-type": "application/json" }, body: "{" });
    },
    async finish() {
      const statuses = await ended();
      if (statuses.some((status) => status !== 0)) throw new Error(`a client failed: ${await Promise.all(errors)}`);
      const entries = SENT.map(async (protocol) => {
        const report: Value = await Bun.file(join(directory, `${protocol}.json`)).json();
        return [protocol, tree(report)] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
