/** 6,000 of anything that ends in the same moment: the lab handles all of it and continues to serve. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { trafficOf } from "../support/clients.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";
import { expectService } from "./support/service.ts";

setDefaultTimeout(60_000);

const MANY = 6000;
/** Room for the connections of the test, and for those with which it reads metrics. */
const CONNECTIONS = { httpConnections: MANY + 100, httpBodiesBytes: 4 * 2 ** 30 };
const LIMIT_MS = 30_000;
const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
const head = (line: string, ...fields: string[]) => [line, "Host: localhost", ...fields, "", ""].join("\r\n");

test.each([
  ["a content length", "Content-Length: 9"],
  ["chunks", "Transfer-Encoding: chunked"],
])("bodies with %s that do not arrive get 408 at the time limit", async (_, field) => {
  await using lab = await startLabProcess({ limits: { ...CONNECTIONS, httpBodyMs: 1500 } });
  await using crowd = await openCrowd(lab.ports.http, MANY);
  crowd.write(head("POST / HTTP/1.1", field));
  await until(() => crowd.answered === MANY || !lab.running, "all answers", LIMIT_MS);
  expect([...crowd.answers]).toEqual([["HTTP/1.1 408", MANY]]);
  expect(await rejected(lab, "http", "too-slow")).toBe(MANY);
  await expectService(lab);
});

test.each([
  ["GET /delay/1.5", {}, "GET /delay/1.5 HTTP/1.1"],
  ["http:delay=1500", { delay: { kind: "fixed", ms: 1500 } }, "GET /bytes/3 HTTP/1.1"],
] as const)("responses delayed by %s are sent", async (_, http, line) => {
  await using lab = await startLabProcess({
    limits: CONNECTIONS,
    impair: { ...NO_FAULTS, http },
  });
  await using crowd = await openCrowd(lab.ports.http, MANY);
  crowd.write(head(line));
  await until(() => crowd.answered === MANY || !lab.running, "all answers", LIMIT_MS);
  expect([...crowd.answers]).toEqual([["HTTP/1.1 200", MANY]]);
  expect((await trafficOf(lab, "http")).answered).toBe(MANY);
});

test("clients that disconnect before their delayed responses have their packets dropped as peer-gone", async () => {
  await using lab = await startLabProcess({ limits: CONNECTIONS });
  await using crowd = await openCrowd(lab.ports.http, MANY);
  crowd.write(head("GET /delay/3 HTTP/1.1"));
  await until(async () => (await trafficOf(lab, "http")).packets === MANY, "all packets", LIMIT_MS);
  crowd.reset();
  await until(async () => (await trafficOf(lab, "http")).drops("peer-gone") === MANY, "all drops", LIMIT_MS);
  await expectService(lab);
});

test("TCP connections with an incomplete preface are answered after 250 ms and closed at the idle limit", async () => {
  // The limit is longer than the opening of all connections takes on a busy machine.
  await using lab = await startLabProcess({ limits: { tcpIdleSeconds: 4, tcpConnections: MANY } });
  await using crowd = await openCrowd(lab.ports.tcp, MANY, 7);
  crowd.write("STAMP");
  await until(() => crowd.closed === MANY || !lab.running, "the end of all connections", LIMIT_MS);
  expect([...crowd.answers]).toEqual([["ACK-TCP", MANY]]);
  expect(await rejected(lab, "tcp", "idle")).toBe(MANY);
  await expectService(lab);
});

test("a stop sends all delayed responses and closes all connections", async () => {
  await using lab = await startLabProcess({
    limits: { tcpConnections: MANY, stopMs: 100 },
    impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 30_000 } } },
  });
  await using crowd = await openCrowd(lab.ports.tcp, MANY, 7);
  crowd.write("Hello");
  const isQueued = async () => (await scrape(lab)).get("wirelab_bounded_size", { structure: "delay-queue" }) === MANY;
  await until(isQueued, "all delayed responses", LIMIT_MS);
  await using http = await openCrowd(lab.ports.http, MANY / 2);
  expect(await lab.terminate()).toBe(0);
  expect([...crowd.answers]).toEqual([["ACK-TCP", MANY]]);
  expect(http.sockets.length).toBe(MANY / 2);
});
