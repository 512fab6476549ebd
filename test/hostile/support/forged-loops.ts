/**
 * A program for a network namespace in which nothing else sends UDP. Starts two labs, sends datagrams that claim to come
 * from one port of a lab to another, and prints how many datagrams follow, as JSON.
 */
import { readFileSync } from "node:fs";
import { random } from "../../../src/base/random.ts";
import { parseFaults } from "../../../src/faults/text.ts";
import { type Lab, startLab } from "../../../src/lab.ts";
import { writeAnswer } from "../../../src/stamp/packet.ts";
import { testPacket } from "../../support/clients.ts";
import { scrape } from "../../support/scrape.ts";
import { until } from "../../support/until.ts";
import { noise } from "./mutations.ts";
import { FULL } from "./scale.ts";

/** More than this is a loop. */
const MANY = 200;
const FAULTS = ["none", "corrupt=1", "reorder=1,delay=5"];

function reflectorPacket(): Buffer {
  const bytes = testPacket(1);
  writeAnswer(bytes, { sequence: 1, receivedAt: Date.now(), sentAt: Date.now() });
  return bytes;
}

const draw = random(6, "loops");
const PAYLOADS = [
  Buffer.of(),
  Buffer.from("x"),
  Buffer.from("Hello UDP 7"),
  Buffer.from("ACK-UDP"),
  testPacket(1),
  testPacket(2, 7, 400),
  Buffer.alloc(100),
  Buffer.alloc(1400, 0xff),
  reflectorPacket(),
  ...[8, 43, 44, 300].map((length) => noise(draw, length)),
];

/** Datagrams that this namespace has received, with and without a socket. */
function received(): number {
  const [names = [], values = []] = readFileSync("/proc/net/snmp", "latin1")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"))
    .map((line) => line.split(" "));
  const numberOf = (name: string) => Number(values[names.indexOf(name)]);
  return numberOf("InDatagrams") + numberOf("NoPorts") + numberOf("InErrors");
}

/** What both labs have received, and how many of these datagrams they have answered or not. */
async function totals(labs: readonly Lab[]) {
  const all = await Promise.all(labs.map((lab) => scrape(lab)));
  const sum = (name: string) => all.reduce((total, series) => total + series.get(name, { protocol: "udp" }), 0);
  return {
    packets: sum("packets_total"),
    answered: sum("response_time_seconds_count"),
    dropped: sum("dropped_packets_total"),
  };
}

/** One port of a lab. */
type End = readonly [name: string, address: string, port: number];

function endsOf(name: string, lab: Lab): readonly End[] {
  return [
    [`UDP port of ${name}`, lab.host, lab.ports.udp],
    [`STAMP port of ${name}`, lab.host, lab.ports.stamp ?? 0],
  ];
}

const forger = Bun.spawn(["python3", `${import.meta.dir}/forge.py`], { stdin: "pipe", stdout: "pipe" });

/** The payloads that are sent before their followers are counted: each alone, or, which is fast, all. */
const GROUPS = FULL ? PAYLOADS.map((payload) => [payload]) : [PAYLOADS];

/** Sends each payload in a forged datagram, and returns the number of datagrams that follow (not many more than MANY). */
async function followers(labs: readonly Lab[], from: End, to: End, payloads: readonly Buffer[]): Promise<number> {
  const start = { received: received(), ...(await totals(labs)) };
  for (const payload of payloads)
    forger.stdin.write(`${from[1]} ${from[2]} ${to[1]} ${to[2]} ${payload.toString("hex")}\n`);
  forger.stdin.flush();
  let count = 0;
  await until(async () => {
    const { packets, answered, dropped } = await totals(labs);
    count = packets - start.packets - payloads.length;
    if (count > MANY) return true;
    // All are received, answered or dropped, and each answer was received by one of the labs.
    const isOver = packets - start.packets === answered - start.answered + dropped - start.dropped;
    return isOver && count === answered - start.answered && received() - start.received === payloads.length + count;
  }, `the end of what follows datagrams from the ${from[0]} to the ${to[0]}`);
  return count;
}

const results: { readonly what: string; readonly forged: number; readonly followers: number }[] = [];
for (const faults of FAULTS) {
  const impair = { http: {}, tcp: {}, udp: parseFaults("udp", faults) };
  const options = { httpPort: 0, tcpPort: 0, udpPort: 0, stampPort: 0, impair };
  await using a = await startLab({ ...options, host: "127.0.0.1" });
  await using b = await startLab({ ...options, host: "127.0.0.2", seed: 2 });
  const twin = { ...options, udpPort: a.ports.udp, stampPort: a.ports.stamp ?? 0, host: "127.0.0.3" };
  await using c = await startLab(twin);
  const ends = [...endsOf("a lab", a), ...endsOf("another lab", b), ...endsOf("a lab with the same ports", c)];
  for (const to of ends.slice(0, 2)) {
    for (const from of ends) {
      for (const payloads of GROUPS) {
        const what = `${faults}: ${payloads.map(({ length }) => length)} octets from the ${from[0]} to the ${to[0]}`;
        results.push({ what, forged: payloads.length, followers: await followers([a, b, c], from, to, payloads) });
      }
    }
  }
}
forger.kill();
console.log(JSON.stringify(results));
process.exit(0);
