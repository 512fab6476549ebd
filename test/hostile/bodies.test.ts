/** Thousands of large request bodies that do not end: the memory that the lab keeps for all of them is limited. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { residentBytes } from "../servers/support/memory.ts";
import { openHttp } from "../support/http.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { countOf, named } from "./support/scale.ts";

setDefaultTimeout(countOf(60_000, 180_000));

const COUNT = countOf(1000, 4000);
const LENGTH = 1024 * 1024;
const BLOCK = Buffer.alloc(LENGTH - 1, "1");
/** Most growth of the lab's memory, octets: the budget of 64 MiB, and garbage of chunks that were read. */
const MOST_GROWTH = 300e6;
const post = (...fields: string[]) => ["POST /echo HTTP/1.1", "Host: localhost", ...fields, "", ""].join("\r\n");

test.each([
  [named(COUNT), "a content length", post(`Content-Length: ${LENGTH}`)],
  [named(COUNT), "chunks", `${post("Transfer-Encoding: chunked")}${LENGTH.toString(16)}\r\n`],
])(
  "%s bodies of 1 MiB with %s: what does not fit gets 503, and other requests are answered",
  async (_count, _form, head) => {
    using group = limitMemory(512 * 2 ** 20);
    await using lab = await startLabProcess({}, group?.wrap);
    const before = await residentBytes(lab);
    let peak = 0;
    await using crowd = await openCrowd(lab.ports.http, COUNT);
    crowd.write(head);
    const sent = crowd.sockets.map(() => 0);
    let next = 0;
    const writeOn = (n: number) => {
      const at = sent[n] ?? 0;
      if (at < BLOCK.length) sent[n] = at + Math.max(0, crowd.sockets[n]?.write(BLOCK.subarray(at)) ?? 0);
    };
    const writing = setInterval(() => {
      const endAt = performance.now() + 20; // a part of them, so that the test itself goes on
      for (let left = COUNT; left > 0 && performance.now() < endAt; left--) writeOn(next++ % COUNT);
    }, 5);
    const isOver = async () => {
      peak = Math.max(peak, await residentBytes(lab));
      return crowd.answered > COUNT / 2 && sent.reduce((sum, octets) => sum + octets, 0) > 0.9 * COUNT * BLOCK.length;
    };
    await until(isOver, "all octets", countOf(40_000, 120_000)).finally(() => clearInterval(writing));
    const { answered } = crowd; // before the lab counts: further ones can follow
    const series = await scrape(lab);
    const refused = series.get("wirelab_rejected_total", { protocol: "http", reason: "memory-limit" });
    expect([...crowd.answers]).toEqual([["HTTP/1.1 503", crowd.answered]]);
    expect(refused).toBeGreaterThanOrEqual(answered);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "http-body-bytes" })).toBe(refused);
    expect(series.get("wirelab_bounded_size", { structure: "http-body-bytes" })).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(peak - before).toBeLessThan(MOST_GROWTH);
    using short = await openHttp(lab.ports.http);
    expect((await short.ask(`${post("Content-Length: 5")}Hello`)).body).toBe("Hello");
    crowd.reset();
    const isFreed = async () => (await scrape(lab)).get("wirelab_bounded_size", { structure: "http-body-bytes" }) === 0;
    await until(isFreed, "the end of all bodies", 10_000);
    using large = await openHttp(lab.ports.http);
    expect((await large.ask(`${post("Content-Length: 100000")}${"x".repeat(100_000)}`)).status).toBe(200);
    expect(lab.running).toBe(true);
  },
);

const LARGE = `${post("Content-Length: 100000")}${"x".repeat(100_000)}`;

test.each([
  ["a content length", post(`Content-Length: ${LENGTH}`)],
  ["chunks", `${post("Transfer-Encoding: chunked")}${LENGTH.toString(16)}\r\n`],
])("300 announced bodies of 1 MiB with %s that do not arrive take no memory from others", async (_, head) => {
  await using lab = await startLabProcess();
  await using crowd = await openCrowd(lab.ports.http, 300);
  crowd.write(`${head}x`);
  const size = async () => (await scrape(lab)).get("wirelab_bounded_size", { structure: "http-body-bytes" });
  await until(async () => (await size()) >= 300 * 128 * 1024, "300 bodies", 10_000);
  using large = await openHttp(lab.ports.http);
  expect((await large.ask(LARGE)).status).toBe(200);
  expect(crowd.answered).toBe(0);
});
