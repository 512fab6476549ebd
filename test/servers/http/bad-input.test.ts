/** Invalid, oversized, slow and aborted HTTP requests: each gets one line as its answer, if possible, and is counted. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../../src/base/random.ts";
import { trafficOf } from "../../support/clients.ts";
import { openHttp } from "../../support/http.ts";
import { startTestLab, urlOf } from "../../support/lab.ts";
import { rejected, scrape } from "../../support/scrape.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(20_000);

const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
/** A delay that ends after the test has done what it does during the delay, ms. */
const LONG_DELAY_MS = 1500;
const head = (line: string, ...headers: string[]) => [line, "Host: localhost", ...headers, "", ""].join("\r\n");
const POST = "POST / HTTP/1.1";

async function post(url: string, body: string | Uint8Array<ArrayBuffer> | ReadableStream, type = "application/json") {
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": type } });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("the body of POST /", () => {
  test.each(["", "{", "hello", "{'a':1}", "\u0000", '{"a":1}x', "NaN", "undefined"])("%j gets 400", async (body) => {
    await using lab = await startTestLab();
    const { status, text } = await post(urlOf(lab, "/"), body);
    expect([status, text]).toEqual([400, '{"error":"the body is not JSON"}']);
    const traffic = await trafficOf(lab, "http");
    expect([traffic.packets, traffic.answered, traffic.rejected("not-json")]).toEqual([1, 1, 1]);
  });

  test.each(["{}", "[]", "0", '"x"', "null", " {} "])("%j gets 200 with any content type", async (body) => {
    await using lab = await startTestLab();
    for (const type of ["application/json", "text/plain", "multipart/form-data", "x"]) {
      expect(await post(urlOf(lab, "/"), body, type)).toMatchObject({ status: 200, text: '{"status":"received"}' });
    }
  });

  test("with 200,000 levels gets an answer, and the lab continues to serve", async () => {
    await using lab = await startTestLab();
    const depth = 200_000;
    const { status } = await post(urlOf(lab, "/"), "[".repeat(depth) + "]".repeat(depth));
    expect([200, 400]).toContain(status);
    expect((await fetch(urlOf(lab, "/healthz"))).status).toBe(200);
  });
});

describe("a body above the size limit", () => {
  const limits = { httpBodyBytes: 1000 };
  const error = '{"error":"too-large: the body can have at most 1000 bytes"}';

  test.each(["/", "/echo"])("gets 413 from %s by its content length; a body at the limit gets 200", async (path) => {
    await using lab = await startTestLab({ limits });
    expect((await post(urlOf(lab, path), `"${"x".repeat(998)}"`)).status).toBe(200);
    expect(await post(urlOf(lab, path), `"${"x".repeat(999)}"`)).toMatchObject({ status: 413, text: error });
    const traffic = await trafficOf(lab, "http");
    expect([traffic.packets, traffic.rejected("too-large")]).toEqual([1, 1]);
  });

  test.each(["/", "/echo"])("gets 413 from %s in chunks, without a content length", async (path) => {
    await using lab = await startTestLab({ limits });
    using connection = await openHttp(lab.ports.http);
    const chunk = `64\r\n${"x".repeat(100)}\r\n`;
    const answer = await connection.ask(head(`POST ${path} HTTP/1.1`, "Transfer-Encoding: chunked") + chunk.repeat(11));
    expect([answer.status, answer.body]).toEqual([413, error]);
    expect(await rejected(lab, "http", "too-large")).toBe(1);
  });

  test("or with an invalid content length gets 400 or 413 from the runtime, and the lab continues to serve", async () => {
    await using lab = await startTestLab({ limits });
    for (const length of ["1000000000", "99999999999999999999", "-1", "abc", "1e3"]) {
      using connection = await openHttp(lab.ports.http);
      const { status } = await connection.ask(head(POST, `Content-Length: ${length}`));
      expect([400, 413]).toContain(status);
    }
    expect((await post(urlOf(lab, "/"), "{}")).status).toBe(200);
  });
});

describe("an incomplete body", () => {
  const limits = { httpBodyMs: 200 };
  const error = '{"error":"too-slow: the body must arrive within 200 ms"}';

  test.each([
    ["without its first octet", head(POST, "Content-Length: 10")],
    ["without its end", `${head(POST, "Content-Length: 10")}{"a"`],
    ["in chunks without a last one", `${head(POST, "Transfer-Encoding: chunked")}1\r\n1\r\n`],
    ["for /echo", `${head("POST /echo HTTP/1.1", "Content-Length: 10")}x`],
  ])("%s gets 408 and is counted as too slow", async (_, request) => {
    await using lab = await startTestLab({ limits });
    using connection = await openHttp(lab.ports.http);
    const answer = await connection.ask(request);
    expect([answer.status, answer.body]).toEqual([408, error]);
    const traffic = await trafficOf(lab, "http");
    expect([traffic.packets, traffic.rejected("too-slow")]).toEqual([0, 1]);
  });

  test("that arrives octet by octet gets 408 at the time limit", async () => {
    await using lab = await startTestLab({ limits });
    using connection = await openHttp(lab.ports.http);
    connection.write(head(POST, "Transfer-Encoding: chunked"));
    await until(() => {
      connection.write("1\r\n1\r\n");
      return connection.text.length > 0;
    }, "an answer");
    expect(connection.text).toStartWith("HTTP/1.1 408");
    expect(await rejected(lab, "http", "too-slow")).toBe(1);
  });

  test("of a client that closes the connection is counted as a bad request and not as a packet", async () => {
    await using lab = await startTestLab();
    for (const how of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
      using connection = await openHttp(lab.ports.http);
      const before = await rejected(lab, "http", "bad-request");
      connection.write(`${head(POST, how)}1\r\n1\r\n`);
      await until(async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "http" }) > 0, "open");
      connection.close();
      await until(async () => (await rejected(lab, "http", "bad-request")) === before + 1, how);
    }
    expect((await trafficOf(lab, "http")).packets).toBe(0);
  });

  test("does not delay other requests", async () => {
    await using lab = await startTestLab({ limits: { httpBodyMs: 10_000 } });
    const slow = await Promise.all(Array.from({ length: 50 }, () => openHttp(lab.ports.http)));
    for (const connection of slow) connection.write(`${head(POST, "Content-Length: 10")}{`);
    for (let n = 0; n < 10; n++) expect((await post(urlOf(lab, "/"), "{}")).status).toBe(200);
    for (const connection of slow) connection.close();
  });
});

describe("routes with a parameter", () => {
  test.each([
    ["/status/99", "status 99: allowed are 200 to 599"],
    ["/status/600", "status 600: allowed are 200 to 599"],
    ["/status/2e2", "status 2e2: allowed are 200 to 599"],
    ["/status/abc", "status abc: allowed are 200 to 599"],
    ["/delay/10.1", "delay 10.1: allowed are 0 to 10 seconds"],
    ["/delay/-1", "delay -1: allowed are 0 to 10 seconds"],
    ["/delay/NaN", "delay NaN: allowed are 0 to 10 seconds"],
    ["/delay/1e9", "delay 1e9: allowed are 0 to 10 seconds"],
    ["/bytes/1048577", "bytes 1048577: allowed are 0 to 1048576"],
    ["/bytes/1.5", "bytes 1.5: allowed are 0 to 1048576"],
    ["/bytes/99999999999999999999", "bytes 99999999999999999999: allowed are 0 to 1048576"],
  ])("answer %s with 400", async (path, error) => {
    await using lab = await startTestLab();
    const response = await fetch(urlOf(lab, path));
    expect([response.status, await response.json()]).toEqual([400, { error }]);
    const traffic = await trafficOf(lab, "http");
    expect([traffic.packets, traffic.answered, traffic.rejected("bad-request")]).toEqual([1, 1, 1]);
  });

  test("accept the limits of their ranges", async () => {
    await using lab = await startTestLab();
    for (const [path, status, length] of [
      ["/status/200", 200, 0],
      ["/status/204", 204, 0],
      ["/status/304", 304, 0],
      ["/status/599", 599, 0],
      ["/delay/0", 200, 21],
      ["/delay/0.05", 200, 21],
      ["/bytes/0", 200, 0],
      ["/bytes/1048576", 200, 1_048_576],
    ] as const) {
      const response = await fetch(urlOf(lab, path));
      expect([path, response.status, (await response.bytes()).length]).toEqual([path, status, length]);
      expect(response.headers.get("server-timing")).toMatch(/^app;dur=\d+\.\d{3}$/);
    }
  });

  test("/echo returns any octets with their content type", async () => {
    await using lab = await startTestLab();
    const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
    const answer = await fetch(urlOf(lab, "/echo"), {
      method: "POST",
      body: octets,
      headers: { "content-type": "a/b; c=é" },
    });
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(octets);
    expect(answer.headers.get("content-type")).toBe("a/b; c=é");
    const empty = await fetch(urlOf(lab, "/echo"), { method: "POST" });
    expect([empty.status, await empty.text(), empty.headers.get("content-type")]).toEqual([
      200,
      "",
      "application/octet-stream",
    ]);
  });
});

describe("requests that no client library sends", () => {
  test.each([
    ["without a Host header (HTTP/1.0)", "GET /x HTTP/1.0\r\n\r\n", 404],
    ["with an invalid Host header", "GET /x HTTP/1.1\r\nHost: a b[\r\n\r\n", 404],
    ["in absolute form", "GET http://evil.example/x HTTP/1.1\r\nHost: y\r\n\r\n", 404],
    ["with an invalid percent encoding", head("GET /status/%zz%ff HTTP/1.1"), 400],
    ["with an invalid percent encoding outside the routes", head("GET /%zz HTTP/1.1"), 404],
    ["for an upgrade", head("GET /x HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade"), 404],
  ])("%s get a JSON error of one line", async (_, request, status) => {
    await using lab = await startTestLab();
    using connection = await openHttp(lab.ports.http);
    const answer = await connection.ask(request);
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.body))).toEqual(["error"]);
    expect(answer.body.length).toBeLessThan(200);
  });

  test("of random octets do not affect other connections", async () => {
    await using lab = await startTestLab();
    const draw = random(7, "http-noise");
    for (let round = 0; round < 40; round++) {
      using connection = await openHttp(lab.ports.http);
      const noise = Buffer.from(Array.from({ length: 1 + Math.floor(draw() * 400) }, () => Math.floor(draw() * 256)));
      connection.write(
        round % 2 ? noise : Buffer.concat([Buffer.from(`${POST}\r\nHost: x\r\n`), noise, Buffer.from("\r\n\r\n")]),
      );
    }
    expect((await post(urlOf(lab, "/"), "{}")).status).toBe(200);
    expect(await rejected(lab, "http", "failed")).toBe(0);
  });

  test("in a pipeline are answered in order", async () => {
    await using lab = await startTestLab();
    using connection = await openHttp(lab.ports.http);
    const first = await connection.ask(
      `${head(POST, "Content-Length: 2")}{}${head("GET /bytes/3 HTTP/1.1")}${head("GET /status/418 HTTP/1.1")}`,
    );
    expect([first.status, first.body]).toEqual([200, '{"status":"received"}']);
    const [second, third] = [await connection.ask(""), await connection.ask("")];
    expect([second.status, second.body.length, third.status]).toEqual([200, 3, 418]);
  });
});

describe("a client that disconnects", () => {
  test("before its delayed answer has its packet dropped as peer-gone", async () => {
    await using lab = await startTestLab({
      impair: { ...NO_FAULTS, http: { delay: { kind: "fixed", ms: LONG_DELAY_MS } } },
    });
    const gone = await openHttp(lab.ports.http);
    gone.write(`${head(POST, "Content-Length: 2")}{}`);
    await until(async () => (await trafficOf(lab, "http")).packets === 1, "the packet");
    gone.close();
    const traffic = await until(async () => {
      const now = await trafficOf(lab, "http");
      return now.dropped === 1 && now;
    }, "the drop");
    expect([traffic.drops("peer-gone"), traffic.answered]).toEqual([1, 0]);
  });

  test("during a large answer does not affect the lab", async () => {
    await using lab = await startTestLab();
    for (let n = 0; n < 10; n++) {
      using connection = await openHttp(lab.ports.http);
      connection.write(head("GET /bytes/1048576 HTTP/1.1"));
      await until(() => connection.text.length > 0, "the start of the answer");
    }
    expect((await post(urlOf(lab, "/"), "{}")).status).toBe(200);
  });
});

describe("delayed answers of /echo", () => {
  test("above the limit of octets are dropped with 503", async () => {
    await using lab = await startTestLab({
      limits: { delayQueueBytes: 100_000 },
      impair: { ...NO_FAULTS, http: { delay: { kind: "fixed", ms: LONG_DELAY_MS } } },
    });
    const body = "x".repeat(30_000);
    const statuses = await Promise.all(
      Array.from({ length: 6 }, async () => (await post(urlOf(lab, "/echo"), body, "text/plain")).status),
    );
    expect(statuses.sort()).toEqual([200, 200, 200, 503, 503, 503]);
    expect((await trafficOf(lab, "http")).drops("queue-full")).toBe(3);
  });
});
