/** The octets of unusual requests and responses are counted as they are on the wire. */
import { expect, test } from "bun:test";
import { trafficOf } from "../support/clients.ts";
import { openHttp } from "../support/http.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

test.each([
  ["invalid UTF-8", Uint8Array.of(0x22, 0xff, 0xfe, 0xc3, 0x22), 5],
  ["a byte order mark", Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 5],
])("a body with %s counts as many octets as it has", async (_, body, octets) => {
  await using lab = await startTestLab();
  await fetch(urlOf(lab, "/"), { method: "POST", body });
  using chunked = await openHttp(lab.ports.http);
  const head = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  await chunked.ask(Buffer.concat([Buffer.from(`${head}${octets}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")]));
  const { packets, receivedBytes } = await trafficOf(lab, "http");
  expect([packets, receivedBytes]).toEqual([2, 2 * octets]);
});

test("the response to HEAD counts no octets of a body", async () => {
  await using lab = await startTestLab();
  for (const path of ["/bytes/1000", "/delay/0.01", "/status/204"]) {
    const { status } = await fetch(urlOf(lab, path), { method: "HEAD" });
    expect([path, status]).toEqual([path, path.startsWith("/status") ? 204 : 200]);
  }
  const { answered, sentBytes } = await trafficOf(lab, "http");
  expect([answered, sentBytes]).toEqual([3, 0]);
  await fetch(urlOf(lab, "/bytes/1000"));
  expect((await trafficOf(lab, "http")).sentBytes).toBe(1000);
});
