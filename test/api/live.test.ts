/** `/live`, `/history` and `/rights`. */
import { expect, test } from "bun:test";
import { PROTOCOLS } from "../../src/base/protocol.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { request } from "./support.ts";

test("/live is refused to more viewers than the limit", async () => {
  await using lab = await startTestLab({ limits: { viewers: 1 } });
  const first = await fetch(urlOf(lab, "/live"));
  expect([first.status, first.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const second = await request(urlOf(lab, "/live"));
  expect([second.status, second.json()]).toEqual([503, { error: "too many viewers; allowed: 1" }]);
  await first.body?.cancel();
});

test("/history has a series for each protocol and is not cached", async () => {
  await using lab = await startTestLab();
  const response = await request(urlOf(lab, "/history"));
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(Object.keys(response.json().series)).toEqual([...PROTOCOLS]);
});

test("/rights reports whether the client may change the lab, and the reason if it may not", async () => {
  await using lab = await startTestLab();
  expect((await request(urlOf(lab, "/rights"))).json()).toEqual({ mayChange: true });
  const foreign = await request(urlOf(lab, "/rights"), { headers: { origin: "http://example.com" } });
  expect(foreign.json()).toEqual({
    mayChange: false,
    reason: 'Origin "http://example.com" is not allowed; use the lab\'s own page',
  });
});
