/**
 * HTTP messages at the edges of the protocol: several Host fields, which the lab refuses, and those whose treatment is
 * the runtime's. The latter tests state what it does today; a change is worth a line in the changelog.
 */
import { describe, expect, test } from "bun:test";
import { trafficOf } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { startTestLab } from "../support/lab.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";

const HOST = "Host: localhost\r\n";
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

test.each([
  ["POST / HTTP/1.1", "Content-Length: 2\r\n", "{}"],
  ["POST /echo HTTP/1.1", "Content-Length: 2\r\n", "{}"],
  ["GET /status/200 HTTP/1.1", "", ""],
  ["GET /delay/0 HTTP/1.1", "", ""],
  ["GET /bytes/1 HTTP/1.1", "", ""],
])("%s with two Host fields gets 400, and the connection serves on", async (line, fields, body) => {
  await using lab = await startTestLab();
  using connection = await openHttp(lab.ports.http);
  const refused = await connection.ask(`${line}\r\n${HOST}Host: other\r\n${fields}\r\n${body}`);
  expect([refused.status, refused.body]).toEqual([400, '{"error":"more than one Host"}']);
  expect((await connection.ask(`GET /status/204 HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(204);
  const { packets, answered, rejected } = await trafficOf(lab, "http");
  expect([packets, answered, rejected("bad-request")]).toEqual([2, 2, 1]);
});

test.each(["application/json", "text/plain"])(
  "a control request whose %s body is cut off is a bad request, not an error of the lab",
  async (type) => {
    await using lab = await startTestLab();
    using connection = await openTcp(lab.ports.http);
    connection.write(`PUT /impairments HTTP/1.1\r\n${HOST}Content-Type: ${type}\r\nContent-Length: 12\r\n\r\nudp:`);
    connection.finish();
    const { rejected } = await until(async () => {
      const traffic = await trafficOf(lab, "http");
      return traffic.rejected("bad-request") + traffic.rejected("failed") === 1 && traffic;
    }, "the request");
    expect([rejected("bad-request"), rejected("failed")]).toEqual([1, 0]);
  },
);

describe("the runtime", () => {
  test("closes a connection on which a request arrives before a delayed response; its packet is dropped", async () => {
    await using lab = await startTestLab();
    using connection = await openHttp(lab.ports.http);
    connection.write(`GET /delay/0.5 HTTP/1.1\r\n${HOST}\r\nGET /status/200 HTTP/1.1\r\n${HOST}\r\n`);
    await until(() => connection.ended, "the end of the connection");
    expect(connection.text).toBe("");
    const { packets, answered, drops } = await until(async () => {
      const traffic = await trafficOf(lab, "http");
      return traffic.dropped === 1 && traffic;
    }, "the drop");
    expect([packets, answered, drops("peer-gone")]).toEqual([1, 0, 1]);
  });

  test("answers a chunked body with a trailer, then refuses the trailer with 400 and closes", async () => {
    await using lab = await startTestLab();
    using connection = await openHttp(lab.ports.http);
    const answer = await connection.ask(`${CHUNKED}2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n`);
    expect([answer.status, answer.body]).toEqual([200, '{"status":"received"}']);
    expect((await connection.ask("")).status).toBe(400);
    await until(() => connection.ended, "the end of the connection");
    const { packets, answered } = await trafficOf(lab, "http");
    expect([packets, answered]).toEqual([1, 1]); // what follows a trailer is never taken for a request
  });

  test.each([
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "{} "],
    ["a list of lengths", "Content-Length: 2, 2\r\n", "{}"],
    ["a length and chunks", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"],
  ])("refuses a request with %s", async (_, fields, body) => {
    await using lab = await startTestLab();
    using connection = await openHttp(lab.ports.http);
    expect((await connection.ask(`POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`)).status).toBe(400);
    await until(() => connection.ended, "the end of the connection");
    expect((await trafficOf(lab, "http")).packets).toBe(0);
  });
});
