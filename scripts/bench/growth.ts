/** How the cost of a packet grows: with connections, sizes, sessions, faults, viewers of the page, and the packet log. */
import { tableOf } from "./markdown.ts";
import { bunClient, type Server, serverOf, type Traffic, wrk } from "./processes.ts";

const SECONDS = 2;
const WRK_MISSING = "wrk is not installed: apt-get install wrk";
/** More than the greatest number of connections that is measured. */
const CONNECTION_LIMIT = 12_000;

/** One measurement: the options of the lab (scripts/bench/lab.ts), its traffic, and why it costs what it does. */
interface Case {
  readonly group: string;
  readonly what: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Undefined where the client is not installed. */
  readonly traffic: (lab: Server, seconds: number) => Promise<Traffic | undefined>;
  readonly why: string;
}

/** A measured case: the processor time for each packet, µs, relative to the first case of its group. */
export interface Growth {
  readonly group: string;
  readonly what: string;
  readonly rate: number;
  readonly cpuMicros: number;
  readonly relative: number;
  readonly why: string;
  readonly skipped?: string;
}

const httpPort = ({ ports: [http = 0] }: Server) => http;
const udpPort = ({ ports: [, udp = 0] }: Server) => udp;

function connections(count: number, why: string): Case {
  const url = (lab: Server) => `http://127.0.0.1:${httpPort(lab)}/status/200`;
  const traffic = (lab: Server, seconds: number) => wrk(url(lab), seconds, count);
  const what = `${count.toLocaleString("en")} HTTP connections`;
  return { group: "connections", what, options: { connections: CONNECTION_LIMIT }, traffic, why };
}

function responseSize(octets: number, why: string): Case {
  const traffic = (lab: Server, seconds: number) => wrk(`http://127.0.0.1:${httpPort(lab)}/bytes/${octets}`, seconds);
  return { group: "HTTP size", what: `responses of ${octets.toLocaleString("en")} octets`, traffic, why };
}

function udp(group: string, what: string, why: string, client: readonly string[] = [], options = {}): Case {
  const traffic = (lab: Server, seconds: number) => bunClient("udp", udpPort(lab), seconds, ...client);
  return { group, what, why, traffic, options };
}

/** UDP traffic while `count` pages read the live stream. */
function viewers(count: number, why: string): Case {
  const traffic = async (lab: Server, seconds: number) => {
    const stop = new AbortController();
    const url = `http://127.0.0.1:${httpPort(lab)}/live`;
    const pages = Array.from({ length: count }, async () => {
      const { body } = await fetch(url, { signal: stop.signal });
      for await (const _ of body ?? []) if (stop.signal.aborted) return;
    });
    const measured = await bunClient("udp", udpPort(lab), seconds);
    stop.abort();
    await Promise.allSettled(pages);
    return measured;
  };
  return { group: "page", what: `${count} pages open`, traffic, why };
}

const ALL_FAULTS = "udp:drop=0.01/0.01,burst=gilbert(0.01,0.5),duplicate=0.01,reorder=0.01,corrupt=0.01";

const CASES: readonly Case[] = [
  connections(1, "each request is a turn of the event loop of its own"),
  connections(10, "requests that arrive together share a turn"),
  connections(100, "as before"),
  connections(1000, "the state of the connections no longer fits the caches"),
  connections(10_000, "connections are opened, and searched for slow ones once a second: 8 µs each, at a low rate"),
  responseSize(64, "the base: a Blob for each response, which shares its octets"),
  responseSize(1024, "one segment, as before"),
  responseSize(16_384, "the octets are copied into the socket"),
  responseSize(65_536, "the octets are copied into the socket, which takes them in more than one write"),
  udp("UDP size", "datagrams of 64 octets", "the base"),
  udp("UDP size", "datagrams of 1,024 octets", "longer copies between kernel and process", ["size=1024"]),
  udp("UDP size", "datagrams of 16,384 octets", "as before, in several fragments", ["size=16384"]),
  udp("UDP size", "datagrams of 65,000 octets", "as before; the kernel allocates pages for each datagram", [
    "size=65000",
  ]),
  udp("sessions", "1 session", "the base"),
  udp("sessions", "1,000 sessions", "a session is found by its address, port and id", ["sessions=1000"]),
  udp("sessions", "4,000 sessions", "their state no longer fits the caches", ["sessions=4000"]),
  udp("sessions", "100,000 sessions", "the table has 4,096: each packet evicts one", ["sessions=100000"]),
  udp("faults", "no fault", "the base"),
  udp("faults", "drop=0.1", "two random numbers; a lost packet has no answer to send", ["lossy"], {
    impair: "udp:drop=0.1",
  }),
  udp("faults", "delay=1", "a copy of the packet, a place in the queue and a timer", [], { impair: "udp:delay=1" }),
  udp("faults", "all but delay", "ten random numbers; copies of those held back", ["lossy"], { impair: ALL_FAULTS }),
  viewers(0, "the base"),
  viewers(1, "a snapshot each second"),
  viewers(10, "the snapshot is encoded once for all"),
  udp("log", "packet log off", "the base"),
  udp("log", "level debug", "200 lines a second, the rest is counted", [], { debug: true }),
];

/** Measures every case; `progress` receives a line for each. */
export async function benchGrowth(progress: (line: string) => void): Promise<readonly Growth[]> {
  const done: Growth[] = [];
  for (const { group, what, options, traffic, why } of CASES) {
    using lab = await serverOf("lab", ["all", JSON.stringify(options ?? {})]);
    await traffic(lab, 1); // the runtime optimizes its code
    const startedAt = lab.cpuMicros();
    const measured = await traffic(lab, SECONDS);
    const cpuMicros = measured ? (lab.cpuMicros() - startedAt) / measured.packets : Number.NaN;
    const base = done.find((each) => each.group === group)?.cpuMicros ?? cpuMicros;
    const rate = measured?.rate ?? Number.NaN;
    const row = { group, what, rate, cpuMicros, relative: cpuMicros / base, why };
    done.push(measured ? row : { ...row, skipped: WRK_MISSING });
    progress(`${group}, ${what}: ${measured ? `${cpuMicros.toFixed(1)} µs` : WRK_MISSING}`);
  }
  return done;
}

/** The measurements as a markdown table. */
export function growthTable(rows: readonly Growth[]): string {
  const cells = rows.map(({ group, what, rate, cpuMicros, relative, why, skipped }) =>
    skipped
      ? [group, what, "–", "–", "–", `SKIPPED: ${skipped}`]
      : [
          group,
          what,
          `${Math.round(rate).toLocaleString("en")}/s`,
          `${cpuMicros.toFixed(1)} µs`,
          `×${relative.toFixed(2)}`,
          why,
        ],
  );
  return tableOf(["growth of", "with", "rate", "CPU per packet", "to the first", "reason"], cells);
}
