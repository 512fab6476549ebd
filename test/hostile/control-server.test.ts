/** Control addresses of load runs at which something hostile answers. The run costs no memory and believes nothing. */
import { afterAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { fetchSummary } from "../../src/load/measure/directions/lab-summary.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const PART = Buffer.alloc(256 * 1024, " ");

/** A server that sends `start`, then `part` as long as the client reads; counts the octets sent. */
function serveRaw(start: string | Buffer, part: Buffer | undefined) {
  let sent = 0;
  const send = (socket: Bun.Socket) => {
    for (let wrote = part?.length ?? 0; part && wrote === part.length; sent += wrote) wrote = socket.write(part);
  };
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket) {
        socket.write(start);
        send(socket);
      },
      drain: send,
    },
  });
  return { url: new URL(`http://127.0.0.1:${server.port}/`), sent: () => sent, stop: () => server.stop(true) };
}

describe("a response without an end", () => {
  test.each([
    ["a body with a length", `${HEAD}Content-Length: 99999999999\r\n\r\n{"instance":"`, PART],
    ["a body until the end of the connection", `${HEAD}Connection: close\r\n\r\n`, PART],
    ["header fields", `${HEAD}X-A: b\r\n`, Buffer.from("X-Long: ".padEnd(1000, "y").concat("\r\n").repeat(100))],
    [
      "chunks",
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
      Buffer.concat([Buffer.from("40000\r\n"), PART, Buffer.from("\r\n")]),
    ],
  ])("%s: is given up, with little memory", async (_, start, part) => {
    const server = serveRaw(start, part);
    const before = process.memoryUsage.rss();
    expect(await fetchSummary(server.url, 7)).toBeUndefined();
    expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
    server.stop();
  });

  test("a compressed body of 2 GB is not decompressed", async () => {
    const body = gzipSync(Buffer.alloc(256 * 1024 * 1024, " "));
    const many = Buffer.concat(Array.from({ length: 8 }, () => body));
    const head = `${HEAD}Content-Encoding: gzip\r\nContent-Length: ${many.length}\r\n\r\n`;
    const server = serveRaw(Buffer.concat([Buffer.from(head), many]), undefined);
    const before = process.memoryUsage.rss();
    expect(await fetchSummary(server.url, 7)).toBeUndefined();
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
    server.stop();
  });
});

describe("a summary", () => {
  const lab = startTestLab();
  afterAll(async () => (await lab).stop());

  /** What a run reads from a server that responds with the lab's summary, changed. */
  async function readChanged(change: (text: string) => string, init: ResponseInit = {}) {
    const text = await (await fetch(urlOf(await lab, "/sessions/7"))).text();
    const session = {
      protocol: "udp",
      source: "127.0.0.1:5",
      local: { address: "127.0.0.1", port: 7000 },
      ageSeconds: 1,
      received: { unique: 10, duplicate: 0 },
      handled: 8,
      answered: 7,
      dropped: { up: 2, down: 1 },
      discarded: 0,
    };
    const body = change(JSON.stringify({ ...JSON.parse(text), sessions: [session] }));
    await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body, init) });
    return await fetchSummary(server.url, 7);
  }

  test("as the lab sends it is read", async () => {
    expect(await readChanged((text) => text)).toMatchObject({ evictedSessions: 0, sessions: [{ handled: 8 }] });
  });

  test.each([
    ["a fraction", '"handled":8', '"handled":8.5'],
    ["infinity", '"handled":8', '"handled":1e999'],
    ["a negative count", '"answered":7', '"answered":-7'],
    ["text", '"answered":7', '"answered":"7"'],
    ["more than a number can count", '"unique":10', '"unique":1e300'],
    ["a negative age", '"ageSeconds":1', '"ageSeconds":-1'],
    ["an infinite age", '"ageSeconds":1', '"ageSeconds":1e999'],
    ["a fraction of an eviction", '"evictedSessions":0', '"evictedSessions":0.5'],
    ["null for a list", '"sessions":[', '"sessions":null,"x":['],
    ["a port that is none", '"port":7000', '"port":70000'],
  ])("with %s is refused", async (_, from, to) => {
    expect(await readChanged((text) => text.replace(from, to))).toBeUndefined();
  });

  test("is not read from where a redirect leads, or from an error", async () => {
    const location = urlOf(await lab, "/sessions/7");
    for (const status of [301, 302, 307, 308]) {
      expect(await readChanged((text) => text, { status, headers: { location } })).toBeUndefined();
    }
    expect(await readChanged((text) => text, { status: 500 })).toBeUndefined();
  });
});
