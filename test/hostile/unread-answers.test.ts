/** TCP peers that do not read their answers: the memory that the lab keeps for all of them is limited. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { residentBytes } from "../servers/support/memory.ts";
import { testFrame, trafficOf } from "../support/clients.ts";
import { heldIn, rejected, rejectedIn, scrape } from "../support/scrape.ts";
import { openTcp, type Peer } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { countOf, FULL, named } from "./support/scale.ts";

setDefaultTimeout(countOf(120_000, 600_000));

const LIMIT_MS = countOf(60_000, 240_000);
const PEERS = countOf(400, 4000);
const SPARSE_PEERS = countOf(100, 4000);
const DELAYED_PEERS = countOf(4, 4000);
const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
/** Less than the peers may leave unread, which is 64 KiB each, octets; in the full form the limit of a lab. */
const BUDGET = countOf(16, 64) * 2 ** 20;
/** Most growth of the lab's memory, octets: the budget of 64 MiB, and garbage of chunks that were read. */
const MOST_GROWTH = countOf(256e6, 350e6);
/** Time for which the flood writes in a turn of the event loop, ms. */
const TURN_MS = 20;

/** A frame that is refused, of the length of many valid ones. */
function refusedFrame(): Buffer {
  const frame = Buffer.alloc(2 + 65_000, 0xff);
  frame.writeUInt16BE(65_000, 0);
  return frame;
}

/** One valid frame in 455 KB, about as much as the runtime reads at a time. */
const SPARSE = Buffer.concat([testFrame(1), ...Array.from({ length: 7 }, refusedFrame)]);
const DENSE = Buffer.concat(Array.from({ length: 24 }, (_, n) => testFrame(n, 7, 20_000)));

const held = async (lab: LabProcess) => heldIn(await scrape(lab));

/** Peers that have sent the preface and do not read. */
async function openSilent(lab: LabProcess, count: number, open: DisposableStack): Promise<readonly Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const part = Array.from({ length: Math.min(250, count - peers.length) }, () => openTcp(lab.ports.tcp));
    for (const peer of await Promise.all(part)) {
      peers.push(open.use(peer));
      peer.pause();
      peer.write(STAMP_PREFACE);
    }
  }
  return peers;
}

/** Repeats `block` on each connection until `done`, as fast as the kernel accepts it; returns the octets accepted. */
async function flood(peers: readonly Peer[], block: Buffer, done: () => Promise<boolean>): Promise<number> {
  const at = peers.map(() => 0);
  let total = 0;
  let next = 0;
  const writeOn = (n: number) => {
    const peer = peers[n];
    if (!peer || peer.ended) return;
    const accepted = peer.write(block.subarray(at[n]));
    at[n] = ((at[n] ?? 0) + accepted) % block.length;
    total += accepted;
  };
  const writing = setInterval(() => {
    const endAt = performance.now() + TURN_MS;
    for (let left = peers.length; left > 0 && performance.now() < endAt; left--) writeOn(next++ % peers.length);
  }, 2);
  await until(done, "the end of the flood", LIMIT_MS).finally(() => clearInterval(writing));
  return total;
}

/** Watches the memory of the lab: `growth` is the largest difference from the start that was seen. */
async function watchMemory(lab: LabProcess) {
  const before = await residentBytes(lab);
  let peak = before;
  return {
    async look(): Promise<void> {
      peak = Math.max(peak, await residentBytes(lab));
    },
    growth: () => peak - before,
  };
}

/** Waits until the lab has no TCP connection; calls `look` meanwhile. */
async function untilClosed(lab: LabProcess, look: () => Promise<void>): Promise<void> {
  const isClosed = async () => {
    await look();
    return (await scrape(lab)).get("wirelab_open_connections", { protocol: "tcp" }) === 0;
  };
  await until(isClosed, "the end of all connections", LIMIT_MS);
}

test.each([named(DELAYED_PEERS)])(
  "a delayed answer keeps its own octets, not the input in which its packet came (%s peers)",
  async () => {
    using group = limitMemory(512 * 2 ** 20);
    const delayed60s = { impair: { ...NO_FAULTS, tcp: { delay: { kind: "fixed", ms: 60_000 } } } } as const;
    await using lab = await startLabProcess(delayed60s, group?.wrap);
    using open = new DisposableStack();
    const peers = await openSilent(lab, DELAYED_PEERS, open);
    const before = await residentBytes(lab);
    const refusals = Math.max(7 * 600, 7 * 2 * DELAYED_PEERS);
    await flood(peers, SPARSE, async () => (await trafficOf(lab, "tcp")).dropped >= refusals);
    const series = await scrape(lab);
    const delayed = series.get("wirelab_bounded_size", { structure: "delay-queue" });
    expect(delayed).toBeGreaterThan(550);
    expect(series.get("wirelab_bounded_size", { structure: "delay-queue-bytes" })).toBe(44 * delayed);
    expect((await residentBytes(lab)) - before).toBeLessThan(MOST_GROWTH);
    expect(lab.running).toBe(true);
  },
);

test.each([named(SPARSE_PEERS)])(
  "%s peers with one valid frame in 455 KB stay within 512 MB, open and after they are closed",
  async () => {
    using group = limitMemory(512 * 2 ** 20);
    await using lab = await startLabProcess({}, group?.wrap);
    const memory = await watchMemory(lab);
    {
      using open = new DisposableStack();
      const peers = await openSilent(lab, SPARSE_PEERS, open);
      const isOver = async () => {
        await memory.look();
        return (await rejected(lab, "tcp", "not-stamp")) >= 7 * 2 * SPARSE_PEERS;
      };
      await flood(peers, SPARSE, isOver);
    }
    await untilClosed(lab, memory.look);
    expect(memory.growth()).toBeLessThan(MOST_GROWTH);
    expect(lab.running).toBe(true);
  },
);

test("an answer that is not read keeps its own octets, not the input in which its packet came", async () => {
  await using lab = await startLabProcess();
  using open = new DisposableStack();
  const peers = await openSilent(lab, 2, open);
  // The answers fill the buffers of the kernel; from then on the lab keeps them.
  for (const peer of peers) await flood([peer], DENSE.subarray(0, 20_002), async () => (await held(lab)) > 0);
  const before = await residentBytes(lab);
  const { dropped } = await trafficOf(lab, "tcp");
  await flood(peers, SPARSE, async () => (await trafficOf(lab, "tcp")).dropped - dropped >= 7 * 600);
  expect((await residentBytes(lab)) - before).toBeLessThan(MOST_GROWTH);
});

test.each([named(PEERS)])(
  "%s peers stay within the budget and 512 MB, open and after they are closed; the longest silent are closed",
  async () => {
    using group = limitMemory(512 * 2 ** 20);
    await using lab = await startLabProcess({ limits: { tcpBytes: BUDGET } }, group?.wrap);
    const memory = await watchMemory(lab);
    {
      using open = new DisposableStack();
      const peers = await openSilent(lab, PEERS, open);
      let mostHeld = 0;
      await flood(peers, DENSE, async () => {
        await memory.look();
        // Both of one moment: the lab can be so busy that the first look is also the last one.
        const series = await scrape(lab);
        mostHeld = Math.max(mostHeld, heldIn(series));
        return rejectedIn(series, "tcp", "memory-limit") > (FULL ? PEERS / 2 : 20);
      });
      const series = await scrape(lab);
      // Of how much it is full varies from moment to moment: kernels enlarge their buffers and accept what was held.
      expect(mostHeld).toBeWithin(1, BUDGET + 1);
      expect(series.get("wirelab_bounded_limit", { structure: "tcp-bytes" })).toBe(BUDGET);
      expect(series.get("wirelab_bounded_overflows_total", { structure: "tcp-bytes" })).toBeGreaterThan(20);
      using other = await openTcp(lab.ports.tcp);
      other.write(STAMP_PREFACE, testFrame(1));
      await until(() => other.read.length === 46, "the answer on another connection", LIMIT_MS);
    }
    await untilClosed(lab, memory.look);
    expect(await held(lab)).toBe(0);
    expect(memory.growth()).toBeLessThan(MOST_GROWTH);
    expect(lab.running).toBe(true);
  },
);

test("incomplete frames take memory only as they arrive, within the same budget", async () => {
  await using lab = await startLabProcess({ limits: { tcpBytes: 1_000_000 } });
  using open = new DisposableStack();
  const header = Buffer.of(0xff, 0xff);
  const announcing = await openSilent(lab, 200, open);
  for (const peer of announcing) peer.write(header);
  await until(async () => (await held(lab)) === 200 * 256, "200 incomplete frames");
  const sending = await openSilent(lab, 20, open);
  for (const peer of sending) peer.write(header, Buffer.alloc(60_000));
  await until(() => announcing.every((peer) => peer.ended), "the end of those that were incomplete for longer");
  await until(async () => (await held(lab)) <= 1_000_000 && sending.some((peer) => peer.ended), "room");
  expect(await rejected(lab, "tcp", "memory-limit")).toBe(200 + sending.filter((peer) => peer.ended).length);
});
