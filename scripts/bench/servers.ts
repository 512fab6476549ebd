/** The rows of the lab's servers: each relative to the shortest Bun server, with the same client, in interleaved runs. */
import { certificateFiles } from "./certificate.ts";
import { bunClient, h2load, howToInstall, type Server, serverOf, type Traffic, wrk } from "./processes.ts";
import { type Comparison, emptySide, type Side, type Skipped } from "./row.ts";

/** The number of interleaved pairs, the duration of each run in s, and the checkout of the state before, if there is one. */
export interface Effort {
  readonly pairs: number;
  readonly seconds: number;
  readonly before?: string;
}

interface ServerRow {
  readonly what: string;
  readonly against: string;
  readonly goal: Comparison["goal"];
  /** Whether both servers have the same certificate, and the lab's settings of TLS. */
  readonly secure?: boolean;
  /** The program without which the row is skipped. */
  readonly tool?: string;
  /** `framed`: whether the lab gets STAMP frames, where the other server echoes octets. */
  readonly client: (port: number, seconds: number, framed: boolean) => Promise<Traffic>;
}

/** The traffic of wrk, or of the Bun client where wrk is not installed. */
async function http(kind: string, port: number, seconds: number, path: string, script?: string): Promise<Traffic> {
  return (await wrk(`http://127.0.0.1:${port}${path}`, seconds, 32, script)) ?? bunClient(kind, port, seconds);
}

/** The least share of the rate of a minimal server with the same version and TLS. */
const SECURE_GOAL = { rate: 0.93 };

/** The traffic of h2load; one stream on each connection is HTTP/1.1. */
async function overTls(port: number, seconds: number, connections: number, streams: number): Promise<Traffic> {
  const url = `https://127.0.0.1:${port}/status/200`;
  return (
    (await h2load(url, seconds, { connections, streams, http1: streams === 1 })) ?? {
      packets: 0,
      rate: 0,
      clientMicros: 0,
    }
  );
}

const ROWS: Readonly<Record<string, ServerRow>> = {
  udp: {
    what: "UDP echo (STAMP), 64 bytes, 64 in flight",
    against: "shortest `Bun.udpSocket` echo",
    goal: { rate: 0.95, cpu: 1.05 },
    client: (port, seconds) => bunClient("udp", port, seconds),
  },
  tcp: {
    what: "TCP echo (STAMP frames), 64 bytes, 32 connections",
    against: "shortest `Bun.listen` echo",
    goal: { rate: 0.97 },
    client: (port, seconds, framed) => bunClient("tcp", port, seconds, ...(framed ? ["framed"] : [])),
  },
  "http-get": {
    what: "HTTP `GET /status/200`, 32 connections",
    against: "shortest `Bun.serve` route, same headers",
    goal: { rate: 0.95, cpu: 1.08 },
    client: (port, seconds) => http("http-get", port, seconds, "/status/200"),
  },
  "http-post": {
    what: "HTTP `POST /` with JSON, 32 connections",
    against: "shortest `Bun.serve` route with `request.json()`, same headers",
    goal: { rate: 0.95, cpu: 1.1 },
    client: (port, seconds) => http("http-post", port, seconds, "/", "post.lua"),
  },
  https: {
    what: "HTTPS `GET /status/200`, 32 connections",
    against: "shortest `Bun.serve` route, same headers and TLS",
    goal: SECURE_GOAL,
    secure: true,
    tool: "h2load",
    client: (port, seconds) => overTls(port, seconds, 32, 1),
  },
  http2: {
    what: "HTTP/2 `GET /status/200`, 4 connections, 32 streams each",
    against: "shortest `Bun.serve` route, same headers and TLS",
    goal: SECURE_GOAL,
    secure: true,
    tool: "h2load",
    client: (port, seconds) => overTls(port, seconds, 4, 32),
  },
  http3: {
    what: "HTTP/3 `GET /status/200`, 32 streams",
    against: "shortest `Bun.serve` route, same headers and TLS",
    goal: SECURE_GOAL,
    secure: true,
    client: (port, seconds) => bunClient("http3", port, seconds),
  },
  websocket: {
    what: "WebSocket echo (STAMP messages), 64 bytes, 32 connections",
    against: "shortest `Bun.serve` WebSocket echo",
    goal: SECURE_GOAL,
    client: (port, seconds) => bunClient("websocket", port, seconds),
  },
  tls: {
    what: "TLS echo (STAMP frames), 64 bytes, 32 connections",
    against: "shortest `Bun.listen` echo, same TLS",
    goal: SECURE_GOAL,
    secure: true,
    client: (port, seconds, framed) => bunClient("tls", port, seconds, ...(framed ? ["framed"] : [])),
  },
};

/** The names of the rows. */
export const SERVER_ROWS: readonly string[] = Object.keys(ROWS);

/** Time for which each server gets traffic before the first run, s: the runtime optimizes its code. */
const WARM_UP_S = 1;

/** Measures a row. */
export async function benchServer(name: string, { pairs, seconds, before }: Effort): Promise<Comparison | Skipped> {
  const row = ROWS[name];
  if (!row) throw new Error(`no row ${name}`);
  const { what, against, goal, secure, tool } = row;
  if (tool !== undefined && Bun.which(tool) === null) return { name, what, skipped: howToInstall(tool) };
  using files = secure ? await certificateFiles() : undefined;
  const { cert, key } = files ?? {};
  const options = files ? [JSON.stringify({ cert, key })] : [];
  using theirs = await serverOf("baseline", cert && key ? [name, cert, key] : [name]);
  using ours = await serverOf("lab", [name, ...options]);
  using earlier = before === undefined ? undefined : await serverOf("lab", [name, ...options], before);
  const sides: { server: Server; side: Side; isLab: boolean }[] = [
    { server: theirs, side: emptySide(), isLab: false },
    { server: ours, side: emptySide(), isLab: true },
  ];
  if (earlier) sides.push({ server: earlier, side: emptySide(), isLab: true });
  for (const { server, isLab } of sides) await row.client(server.port, WARM_UP_S, isLab);
  for (let pair = 0; pair < pairs; pair++) {
    for (const { server, side, isLab } of pair % 2 ? sides.toReversed() : sides) {
      const startedAt = server.cpuMicros();
      const { packets, rate } = await row.client(server.port, seconds, isLab);
      side.rates.push(rate);
      side.cpu.push((server.cpuMicros() - startedAt) / packets);
    }
  }
  const [their, our, old] = sides.map(({ side }) => side);
  if (!their || !our) throw new Error("no sides");
  return { name, what, against, goal, ours: our, theirs: their, ...(old && { before: old }) };
}
