/** Peers that have gone before their answers: their packets count as dropped, never as answered. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { testFrame, trafficOf } from "../support/clients.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { openTcp } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";

setDefaultTimeout(30_000);

const LIMIT_MS = 15_000;
const DELAY_MS = 1500;
const pathOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).pathname);
const delayed = { impair: { http: {}, udp: {}, tcp: { delay: { kind: "fixed", ms: DELAY_MS } } } } as const;

test("20,000 delayed frames of a peer that resets its connection are dropped as peer-gone", async () => {
  await using lab = await startTestLab(delayed);
  const count = 20_000;
  using peer = await openTcp(lab.ports.tcp);
  const octets = Buffer.concat([Buffer.from(STAMP_PREFACE), ...Array.from({ length: count }, (_, n) => testFrame(n))]);
  let sent = 0;
  await until(() => {
    sent += peer.write(octets.subarray(sent));
    return sent === octets.length;
  }, "all frames written");
  await until(async () => (await trafficOf(lab, "tcp")).packets === count, "all frames received", LIMIT_MS);
  peer.reset();
  await until(async () => (await trafficOf(lab, "tcp")).dropped === count, "all drops", LIMIT_MS);
  const { answered, sentBytes, drops } = await trafficOf(lab, "tcp");
  expect([answered, sentBytes, drops("peer-gone")]).toEqual([0, 0, count]);
});

/** A process that opens ten connections, writes 5,000 frames on each, and ends. */
const senderTo = (port: number) => `
  const { openTcp } = await import(${pathOf("../support/tcp.ts")});
  const { testFrame } = await import(${pathOf("../support/clients.ts")});
  const frames = Array.from({ length: 5000 }, (_, n) => testFrame(n));
  const octets = Buffer.concat([Buffer.from(${JSON.stringify(STAMP_PREFACE)}), ...frames]);
  for (let n = 0; n < 10; n++) {
    const peer = await openTcp(${port});
    if (peer.write(octets) < octets.length) process.exit(1);
  }
  process.exit(0);
`;

test("frames that the lab reads after their peers have gone do not count as answered", async () => {
  await using lab = await startLabProcess();
  process.kill(lab.pid, "SIGSTOP");
  const sender = Bun.spawn([process.execPath, "-e", senderTo(lab.ports.tcp)]);
  expect(await sender.exited).toBe(0);
  process.kill(lab.pid, "SIGCONT");
  const isOver = async () => {
    const series = await scrape(lab);
    const connections = series.get("wirelab_connections_total", { protocol: "tcp" });
    return connections === 10 && series.get("wirelab_open_connections", { protocol: "tcp" }) === 0;
  };
  await until(isOver, "the end of all connections", LIMIT_MS);
  const { packets, answered, dropped, drops } = await trafficOf(lab, "tcp");
  // The kernel accepts what is written before it learns, from the reset of the first answer, that nobody receives it.
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(100);
  expect([packets, dropped]).toEqual([answered + dropped, drops("peer-gone")]);
});

test("plain packets of 500 peers that reset their connections are dropped as peer-gone", async () => {
  await using lab = await startTestLab(delayed);
  await using crowd = await openCrowd(lab.ports.tcp, 500);
  crowd.write("Hello");
  await until(async () => (await trafficOf(lab, "tcp")).packets === 500, "all packets", LIMIT_MS);
  crowd.reset();
  await until(async () => (await trafficOf(lab, "tcp")).dropped === 500, "all drops", LIMIT_MS);
  const { answered, sentBytes, drops } = await trafficOf(lab, "tcp");
  expect([answered, sentBytes, drops("peer-gone")]).toEqual([0, 0, 500]);
});
