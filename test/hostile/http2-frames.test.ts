/**
 * Attacks with frames of HTTP/2. What is refused is the runtime's decision, of which the lab learns nothing and counts nothing:
 * these tests state what it does today, that everybody else is served meanwhile, and that nothing is kept afterwards.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Lab } from "../../src/lab.ts";
import { trafficOf } from "../support/clients.ts";
import { ALL_FREE_PORTS, startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { ask, openHttp2 } from "../support/versions.ts";
import { END_HEADERS, END_STREAM, frame, getBlock, openFrames, TYPE } from "./support/http2-frames.ts";

setDefaultTimeout(20_000);

/** The error code ENHANCE_YOUR_CALM (RFC 9113 section 7). */
const CALM = 11;
const MOST_MEMORY = 96 * 2 ** 20;

function openLab(): Promise<Lab> {
  return startTestLab({ ...ALL_FREE_PORTS, httpsPort: "off", http3Port: "off", tlsPort: "off" });
}

/** Runs an attack while another connection is served; the memory of the process stays within a limit. */
async function whileServed(lab: Lab, attack: () => Promise<void>): Promise<void> {
  using other = await openHttp2(lab.ports.http2 ?? 0);
  const before = process.memoryUsage.rss();
  const running = attack();
  expect((await other.send("/status/204").end).status).toBe(204);
  await running;
  expect((await other.send("/status/204").end).status).toBe(204);
  expect((await ask(lab, "http", "/status/204")).status).toBe(204);
  expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_MEMORY);
}

const requestAt = (stream: number, path: string) =>
  frame(TYPE.headers, END_HEADERS | END_STREAM, stream, getBlock(path));

test("rapid reset of requests that wait: the connection ends, and no request is kept", async () => {
  await using lab = await openLab();
  await whileServed(lab, async () => {
    using connection = await openFrames(lab.ports.http2 ?? 0);
    const cancel = Buffer.from([0, 0, 0, 8]);
    const frames = Array.from({ length: 3000 }, (_, n) =>
      Buffer.concat([requestAt(2 * n + 1, "/delay/0.2"), frame(TYPE.reset, 0, 2 * n + 1, cancel)]),
    );
    connection.write(...frames);
    await until(() => connection.ended, "the end of the connection");
    expect(connection.goAway).toBe(CALM);
  });
  const { packets, answered, dropped, drops } = await until(async () => {
    const traffic = await trafficOf(lab, "http2");
    return traffic.packets === traffic.answered + traffic.dropped && traffic;
  }, "the fate of every packet");
  expect(answered).toBe(2); // those of the other connection
  expect(packets).toBeLessThan(3000);
  expect(drops("peer-gone")).toBe(dropped);
  expect((await scrape(lab)).get("wirelab_bounded_size", { structure: "delay-queue" })).toBe(0);
});

test("a header block that continues without an end closes the connection, and is no packet", async () => {
  await using lab = await openLab();
  await whileServed(lab, async () => {
    using connection = await openFrames(lab.ports.http2 ?? 0);
    const more = frame(TYPE.more, 0, 1, Buffer.alloc(16_000, 0x84));
    connection.write(frame(TYPE.headers, END_STREAM, 1, getBlock("/status/204")), ...Array(200).fill(more));
    await until(() => connection.ended, "the end of the connection");
    expect(connection.goAway).toBe(CALM);
  });
  expect((await trafficOf(lab, "http2")).packets).toBe(2);
});

test("a header block that decompresses to 16 MB is refused", async () => {
  await using lab = await openLab();
  await whileServed(lab, async () => {
    using connection = await openFrames(lab.ports.http2 ?? 0);
    const value = Buffer.alloc(4000, 0x61);
    // A literal with indexing; its length 4,000 is 127 + 3,873 (RFC 7541 section 5.1).
    const stored = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), value]);
    const block = Buffer.concat([getBlock("/status/204"), stored, Buffer.alloc(4000, 0xbe)]); // 0xbe: the stored one
    connection.write(frame(TYPE.headers, END_HEADERS | END_STREAM, 1, block));
    await until(() => connection.ended || connection.types.includes(TYPE.headers), "the refusal");
    expect(connection.goAway).toBe(CALM);
  });
  expect((await trafficOf(lab, "http2")).packets).toBe(2);
});

test.each([
  ["SETTINGS", frame(TYPE.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])), TYPE.settings],
  ["PING", frame(TYPE.ping, 0, 0, Buffer.alloc(8)), TYPE.ping],
  ["WINDOW_UPDATE", frame(TYPE.window, 0, 0, Buffer.from([0, 0, 0, 1])), undefined],
  ["PRIORITY", frame(TYPE.priority, 0, 1, Buffer.from([0, 0, 0, 0, 1])), undefined],
] as const)("20,000 frames %s are answered or ignored, and the connection serves on", async (_, bytes, answer) => {
  await using lab = await openLab();
  await whileServed(lab, async () => {
    using connection = await openFrames(lab.ports.http2 ?? 0);
    connection.write(...Array(20_000).fill(bytes), requestAt(3, "/status/204"));
    await until(() => connection.types.includes(TYPE.headers), "the answer", 8000);
    if (answer !== undefined) {
      expect(connection.types.filter((type) => type === answer).length).toBeGreaterThanOrEqual(20_000);
    }
    expect(connection.ended).toBe(false);
  });
  expect((await trafficOf(lab, "http2")).packets).toBe(3);
});

test("300 requests at a time on one connection: those above the runtime's limit of 256 are refused", async () => {
  await using lab = await openLab();
  await whileServed(lab, async () => {
    using connection = await openFrames(lab.ports.http2 ?? 0);
    connection.write(...Array.from({ length: 300 }, (_, n) => requestAt(2 * n + 1, "/delay/0.3")));
    const ends = () => connection.types.filter((type) => type === TYPE.headers || type === TYPE.reset).length;
    await until(() => ends() === 300, "300 ends");
    expect(connection.types.filter((type) => type === TYPE.reset)).toHaveLength(44);
  });
  const { packets, answered } = await trafficOf(lab, "http2");
  expect([packets, answered]).toEqual([258, 258]);
});
