/** Mutations of TCP streams with STAMP frames, of HTTP requests, WebSocket messages and TLS handshakes, each on a connection of its own. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { testFrame, testPacket, trafficOf } from "../support/clients.ts";
import { TLS_ON } from "../support/lab.ts";
import { BINARY, closeOf, frameOf, TEXT, upgradeRequest } from "../support/websocket-frames.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { mutated, pick } from "./support/mutations.ts";
import { countOf, DEADLINE_MS, named } from "./support/scale.ts";
import { expectRecovery, startingPoint } from "./support/service.ts";

setDefaultTimeout(DEADLINE_MS);

const MUTATIONS = countOf(2000, 100_000);
const AT_ONCE = 100;
/** Time after which a connection that the lab keeps open is reset, ms: a mutation can be a valid delay. */
const MOST_OPEN_MS = 1000;

/** Writes `octets` on a new connection and ends it; resolves with the octets of the answer when both sides are closed. */
async function deliver(port: number, octets: Buffer): Promise<Buffer> {
  const closed = Promise.withResolvers<void>();
  const chunks: Buffer[] = [];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    socket: {
      data: (_, chunk) => void chunks.push(chunk),
      end: () => closed.resolve(),
      close: () => closed.resolve(),
      error: () => closed.resolve(),
    },
  });
  const timer = setTimeout(() => closed.resolve(), MOST_OPEN_MS);
  socket.write(octets);
  socket.shutdown();
  await closed.promise;
  clearTimeout(timer);
  socket.terminate();
  return Buffer.concat(chunks);
}

/** Delivers each of `count` streams of octets, and returns the number of connections that got an answer. */
async function deliverAll(port: number, count: number, next: () => Buffer): Promise<number> {
  let answered = 0;
  for (let left = count; left > 0; left -= AT_ONCE) {
    const octets = Array.from({ length: Math.min(AT_ONCE, left) }, next);
    const answers = await Promise.all(octets.map((bytes) => deliver(port, bytes)));
    answered += answers.filter(({ length }) => length > 0).length;
  }
  return answered;
}

test.each([[named(MUTATIONS)]])("%s mutated streams of TCP frames", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({}, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(3, "frames");
  let n = 0;
  const valid = () => Buffer.concat([Buffer.from(STAMP_PREFACE), testFrame(n++), testFrame(n++, 7, 300), testFrame(n)]);
  const answered = await deliverAll(lab.ports.tcp, MUTATIONS, () => mutated(draw, valid()));
  expect(answered).toBeGreaterThan(MUTATIONS / 2);
  const series = await expectRecovery(lab, before);
  const rejected = (reason: string) => series.get("wirelab_rejected_total", { protocol: "tcp", reason });
  expect(Math.min(rejected("bad-length"), rejected("cut-frame"), rejected("not-stamp"))).toBeGreaterThan(0);
});

test.each([[named(MUTATIONS)]])("%s mutated streams of WebSocket frames", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({}, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(5, "messages");
  let n = 0;
  const upgrade = Buffer.from(upgradeRequest());
  const valid = () =>
    Buffer.concat([
      frameOf(TEXT, "Hello WS 7"),
      frameOf(BINARY, testPacket(n++)),
      frameOf(TEXT, "Hel", { fin: false }),
      frameOf(9, "ping"),
      frameOf(0, "lo"),
      frameOf(8, closeOf(1000)),
    ]);
  const answered = await deliverAll(lab.ports.http, MUTATIONS, () => Buffer.concat([upgrade, mutated(draw, valid())]));
  expect(answered).toBe(MUTATIONS); // at least the response to the upgrade
  const series = await expectRecovery(lab, before);
  const rejected = (reason: string) => series.get("wirelab_rejected_total", { protocol: "websocket", reason });
  expect(rejected("bad-frame")).toBeGreaterThan(MUTATIONS / 10);
  expect(series.get("wirelab_connections_total", { protocol: "websocket" })).toBeGreaterThanOrEqual(MUTATIONS);
});

/** The first octets of a TLS client. */
async function clientHello(): Promise<Buffer> {
  const hello = Promise.withResolvers<Buffer>();
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, chunk) {
        hello.resolve(Buffer.from(chunk));
        socket.end();
      },
    },
  });
  const socket = { data() {}, error() {} };
  await Bun.connect({ hostname: "127.0.0.1", port: listener.port, tls: true, socket }).catch(() => {});
  const octets = await hello.promise;
  listener.stop(true);
  return octets;
}

test.each([[named(MUTATIONS)]])("%s mutated handshakes of TLS", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ ...TLS_ON }, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(6, "handshakes");
  const hello = await clientHello();
  await deliverAll(lab.ports.tls ?? 0, MUTATIONS, () => mutated(draw, hello));
  const series = await expectRecovery(lab, before);
  const of = (result: string) => series.get("wirelab_tls_handshakes_total", { protocol: "tls", result });
  // The clients of the checks complete theirs; no other one can, because nobody has its key.
  expect([of("failed"), of("timeout"), of("refused"), of("ok")]).toEqual([MUTATIONS, 0, 0, 4]);
  expect(series.get("wirelab_rejected_total", { protocol: "tls", reason: "handshake-failed" })).toBe(MUTATIONS);
  expect(series.get("packets_total", { protocol: "tls" })).toBe(4);
});

const head = (line: string, ...fields: string[]) => [line, "Host: localhost", ...fields, "", ""].join("\r\n");
const JSON_TYPE = "Content-Type: application/json";
const REQUESTS = [
  `${head("POST / HTTP/1.1", JSON_TYPE, "Content-Length: 7")}{"n":7}`,
  `${head("POST /echo HTTP/1.1", "Transfer-Encoding: chunked")}5\r\nHello\r\n0\r\n\r\n`,
  `${head("POST / HTTP/1.1", "Content-Length: 2")}{}${head("GET /healthz HTTP/1.1")}`,
  head("GET /bytes/100 HTTP/1.1", "Accept-Encoding: gzip"),
  head("GET /status/204 HTTP/1.1"),
  head("GET /delay/0.1 HTTP/1.1"),
  head("GET /sessions/7 HTTP/1.1"),
  head("HEAD /metrics HTTP/1.1", "Accept: text/plain"),
  `${head("PUT /impairments/udp HTTP/1.1", JSON_TYPE, "Content-Length: 28")}{"drop":{"up":0.1,"down":0}}`,
  `${head("PUT /impairments HTTP/1.1", "Content-Type: text/plain", "Content-Length: 12")}udp:drop=0.2`,
].map((text) => Buffer.from(text));

test.each([[named(MUTATIONS)]])("%s mutated HTTP requests", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({}, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(4, "requests");
  const answered = await deliverAll(lab.ports.http, MUTATIONS, () => mutated(draw, pick(draw, REQUESTS)));
  expect(answered).toBeGreaterThan(MUTATIONS / 4);
  const cleared = await fetch(`http://127.0.0.1:${lab.ports.http}/impairments`, { method: "DELETE" });
  expect(cleared.status).toBe(200); // mutations of faults can be valid
  expect((await trafficOf(lab, "http")).rejected("not-found")).toBeGreaterThan(0);
  await expectRecovery(lab, before);
});
