/** The rows of the TCP relay: relative to other relays in front of the same server, with the same client, in interleaved runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, ROOT, run } from "./processes.ts";
import {
  programOf,
  RELAY_PROGRAMS,
  type RelayPeer,
  type RelayProgram,
  startProgram,
  startRelay,
} from "./relay-peers.ts";
import { emptySide, type Figure, type Row, type Side, type Skipped } from "./row.ts";
import type { Effort } from "./servers.ts";

/** Messages of a size, on a number of connections: each sends the next one when the one before has come back. */
interface Load {
  readonly size: number;
  readonly connections: number;
}

const LOADS: Readonly<Record<string, Load>> = {
  "64x1": { size: 64, connections: 1 },
  "64x100": { size: 64, connections: 100 },
  "64Kx1": { size: 65_536, connections: 1 },
  "64Kx100": { size: 65_536, connections: 100 },
};

/** The names of the programs in rows, and the least ratio of the rates. socat has a process for each connection. */
const GOALS: Readonly<Record<RelayProgram, { readonly name: string; readonly rate: number }>> = {
  haproxy: { name: "HAProxy", rate: 0.8 },
  nginx: { name: "nginx `stream`", rate: 0.8 },
  socat: { name: "socat", rate: 0.8 },
  "toxiproxy-server": { name: "Toxiproxy", rate: 2 },
};

/** What the client measured: messages per second, and their round trips, µs. */
interface Trips {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The server that echoes, and the client. */
interface Peers extends Disposable {
  readonly port: number;
  load(port: number, load: Load, seconds: number): Promise<Trips>;
}

/** Compiles and starts the peers (stream-peers.c). */
async function startPeers(): Promise<Peers> {
  const folder = mkdtempSync(join(tmpdir(), "wirelab-"));
  const program = join(folder, "stream-peers");
  await run(["cc", "-O2", "-o", program, join(ROOT, "scripts/bench/stream-peers.c")]);
  const echo = Bun.spawn([program, "echo"], { stdout: "pipe", stderr: "ignore" });
  const { value } = await echo.stdout.getReader().read();
  return {
    port: Number(Buffer.from(value ?? []).toString()),
    async load(port, { size, connections }, seconds) {
      const { text } = await run([program, "load", `${port}`, `${connections}`, `${size}`, `${seconds}`]);
      const [rate = 0, p50 = 0, p99 = 0] = text.trim().split(" ").map(Number);
      return { rate, p50, p99 };
    },
    [Symbol.dispose]() {
      echo.kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Adds a run to a side: its rate, and the processor time of the relay for each message there and back. */
async function measure(side: Side, peers: Peers, relay: RelayPeer, load: Load, seconds: number): Promise<Trips> {
  const before = relay.cpuMicros();
  const trips = await peers.load(relay.port, load, seconds);
  side.rates.push(trips.rate);
  side.cpu.push((relay.cpuMicros() - before) / (trips.rate * (seconds + WARM_UP_S)));
  return trips;
}

/** The warm-up of the client, during which the processor time counts too, s. */
const WARM_UP_S = 0.3;

const describe = ({ size, connections }: Load) =>
  `TCP relay, ${size === 64 ? "64 bytes" : "64 KiB"} there and back, ${connections === 1 ? "1 connection" : `${connections} connections`}`;

function missing(name: string, what: string, program?: RelayProgram): Skipped | undefined {
  if (Bun.which("cc") === null) return { name, what, skipped: "no C compiler: apt-get install gcc libc6-dev" };
  if (program === undefined || programOf(program) !== null) return undefined;
  return { name, what, skipped: `${program} is not installed: ${RELAY_PROGRAMS[program]}` };
}

/** Compares the rates. */
function benchRate(name: string, load: Load, program: RelayProgram) {
  return async ({ pairs, seconds, before }: Effort): Promise<Row> => {
    const what = describe(load);
    const skipped = missing(name, what, program);
    if (skipped) return skipped;
    using peers = await startPeers();
    using relay = await startRelay("tcp", peers.port);
    using old = before === undefined ? undefined : await startRelay("tcp", peers.port, before);
    using other = await startProgram(program, peers.port);
    const [ours, theirs, earlier] = [emptySide(), emptySide(), emptySide()];
    // The runtime optimizes the code of the relay during its first messages.
    for (const each of [relay, old]) if (each) await measure(emptySide(), peers, each, load, seconds);
    for (let pair = 0; pair < pairs; pair++) {
      await measure(theirs, peers, other, load, seconds);
      await measure(ours, peers, relay, load, seconds);
      if (old) await measure(earlier, peers, old, load, seconds);
    }
    const goal = { rate: GOALS[program].rate };
    return { name, what, against: GOALS[program].name, goal, ours, theirs, ...(old && { before: earlier }) };
  };
}

/** Measures the time that the relay adds to a round trip, relative to what HAProxy adds. */
async function benchAdded({ pairs, seconds }: Effort): Promise<Row> {
  const [name, what] = ["relay-tcp-added", "TCP relay, time added to a round trip of 64 bytes, p50"];
  const skipped = missing(name, what, "haproxy");
  if (skipped) return skipped;
  using peers = await startPeers();
  using relay = await startRelay("tcp", peers.port);
  using other = await startProgram("haproxy", peers.port);
  const load = { size: 64, connections: 1 };
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    const direct = await peers.load(peers.port, load, seconds);
    theirs.push((await peers.load(other.port, load, seconds)).p50 - direct.p50);
    ours.push((await peers.load(relay.port, load, seconds)).p50 - direct.p50);
  }
  const note = `${Math.min(...ours).toFixed(0)} to ${Math.max(...ours).toFixed(0)}; HAProxy ${median(theirs).toFixed(0)} µs`;
  return { name, what, against: "no relay", value: median(ours), unit: "µs", goal: 60, note };
}

/** Octets of 1 Gbit. */
const GIGABIT = 1e9 / 8;

/** Measures the processor time for 1 Gbit/s through the relay, as a share of a core. */
async function benchGigabit({ pairs, seconds }: Effort): Promise<Figure | Skipped> {
  const [name, what] = ["relay-tcp-gigabit", "TCP relay, processor for 1 Gbit/s, 64 KiB, 100 connections"];
  const skipped = missing(name, what);
  if (skipped) return skipped;
  using peers = await startPeers();
  using relay = await startRelay("tcp", peers.port);
  const side = emptySide();
  const load = { size: 65_536, connections: 100 };
  await measure(emptySide(), peers, relay, load, seconds);
  for (let pair = 0; pair < pairs; pair++) await measure(side, peers, relay, load, seconds);
  // Each message passes the relay twice.
  const value = (median(side.cpu) / (2 * load.size)) * GIGABIT * 1e-4;
  const rate = (median(side.rates) * 2 * load.size * 8) / 1e9;
  return { name, what, against: "a core", value, unit: "%", goal: 50, note: `${rate.toFixed(1)} Gbit/s measured` };
}

/** The rows by name. */
export const RELAY_ROWS: Readonly<Record<string, (effort: Effort) => Promise<Row>>> = {
  ...Object.fromEntries(
    Object.entries(RELAY_PROGRAMS).flatMap(([program]) =>
      Object.entries(LOADS).map(([load, each]) => {
        const name = `relay-tcp-${load}-${program.replace("-server", "")}`;
        return [name, benchRate(name, each, program as RelayProgram)]; // a key of RELAY_PROGRAMS
      }),
    ),
  ),
  "relay-tcp-added": benchAdded,
  "relay-tcp-gigabit": benchGigabit,
};
