/** WebSocket peers that send what is not allowed, never end a message, do not read, or flood. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { residentBytes } from "../servers/support/memory.ts";
import { testPacket, trafficOf } from "../support/clients.ts";
import { heldIn, rejected, rejectedIn, scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeCodeIn,
  closeOf,
  frameOf,
  openWebSocket,
  PING,
  TEXT,
  type WebSocketPeer,
} from "../support/websocket-frames.ts";
import { countOf, DEADLINE_MS, named } from "./support/scale.ts";
import { expectRecovery, expectService, startingPoint } from "./support/service.ts";

setDefaultTimeout(DEADLINE_MS);

const PEERS = countOf(100, 1000);
const LIMIT_MS = countOf(60_000, 240_000);
/** Most growth of memory while 1 MiB is held for a peer and 64 MiB for all, octets. */
const MOST_GROWTH = 128e6;

/** Most growth of memory while the messages of 16 connections wait, octets. */
const MOST_WAITING_BYTES = 400e6;
/** The runtime does not report the reset of a paused connection with unsent octets: the search for idle ones closes it, s. */
const PAUSED_IDLE_S = 5;
const FLOOD = join(import.meta.dir, "../servers/support/flood.ts");

const openTo = (lab: LabProcess) => openWebSocket(lab.ports.http);
const notFinal = { fin: false } as const;

/** Input after which the lab ends the connection: its name, the octets, the close code, and the reason that is counted. */
const BAD: readonly (readonly [string, Buffer, number, string])[] = [
  ["a frame without a mask", frameOf(TEXT, "x", { masked: false }), 1002, "bad-frame"],
  ["a reserved bit", frameOf(TEXT, "x", { reserved: 4 }), 1002, "bad-frame"],
  ["an unknown code", frameOf(3, "x"), 1002, "bad-frame"],
  ["a continuation of nothing", frameOf(CONTINUATION, "x"), 1002, "bad-frame"],
  ["a message in a message", Buffer.concat([frameOf(TEXT, "x", notFinal), frameOf(TEXT, "y")]), 1002, "bad-frame"],
  ["a long ping", frameOf(PING, Buffer.alloc(126)), 1002, "bad-frame"],
  ["a ping in two frames", frameOf(PING, "x", notFinal), 1002, "bad-frame"],
  ["a close code that is not allowed", frameOf(CLOSE, closeOf(999)), 1002, "bad-frame"],
  ["text that is no UTF-8", frameOf(TEXT, Buffer.of(0xff, 0xfe)), 1007, "bad-frame"],
  ["a close reason that is no UTF-8", frameOf(CLOSE, closeOf(1000, Buffer.of(0xff))), 1007, "bad-frame"],
  ["a frame above 64 KiB, announced", frameOf(BINARY, "", { length: 65_537 }), 1009, "too-large"],
  ["a frame of 2^62 octets, announced", frameOf(BINARY, "", { length: 2 ** 62 }), 1009, "too-large"],
  [
    "fragments above 64 KiB together",
    Buffer.concat([frameOf(BINARY, Buffer.alloc(40_000), notFinal), frameOf(CONTINUATION, Buffer.alloc(40_000))]),
    1009,
    "too-large",
  ],
];

test("what the protocol does not allow ends the connection with a close frame, is counted, and is no packet", async () => {
  await using lab = await startLabProcess();
  const before = await startingPoint(lab);
  const counted = { "bad-frame": 0, "too-large": 0 };
  for (const [what, octets, code, reason] of BAD) {
    using peer = await openTo(lab);
    peer.write(octets);
    await until(() => peer.ended, `the end after ${what}`);
    expect([what, closeCodeIn(peer.frames)]).toEqual([what, code]);
    if (reason === "bad-frame") counted["bad-frame"]++;
    else counted["too-large"]++;
  }
  const series = await expectRecovery(lab, before);
  const of = (reason: string) => series.get("wirelab_rejected_total", { protocol: "websocket", reason });
  expect([of("bad-frame"), of("too-large")]).toEqual([counted["bad-frame"], counted["too-large"]]);
  // The packets of the checks before and after.
  expect((await trafficOf(lab, "websocket")).packets).toBe(4);
});

test("a close frame, an end or a reset of the peer in the middle of a message is no error", async () => {
  await using lab = await startLabProcess();
  const before = await startingPoint(lab);
  for (const end of ["close", "finish", "reset"] as const) {
    using peer = await openTo(lab);
    peer.write(frameOf(TEXT, "x", notFinal));
    if (end === "close") peer.write(frameOf(CLOSE, closeOf(1000)));
    else peer[end]();
  }
  const series = await expectRecovery(lab, before);
  expect(series.sum("wirelab_rejected_total", { protocol: "websocket" })).toBe(0);
});

/** Opens `count` connections. */
async function openPeers(lab: LabProcess, count: number, open: DisposableStack): Promise<readonly WebSocketPeer[]> {
  const peers: WebSocketPeer[] = [];
  while (peers.length < count) {
    const part = Array.from({ length: Math.min(50, count - peers.length) }, () => openTo(lab));
    for (const peer of await Promise.all(part)) peers.push(open.use(peer));
  }
  return peers;
}

/** Writes `block` again and again on each connection until `done`; returns the octets accepted. */
async function flood(peers: readonly WebSocketPeer[], block: Buffer, done: () => Promise<boolean>): Promise<number> {
  const sent = peers.map(() => 0);
  const writing = setInterval(() => {
    const endAt = performance.now() + 20;
    for (const [n, peer] of peers.entries()) {
      if (performance.now() > endAt) return;
      if (!peer.ended) sent[n] = (sent[n] ?? 0) + peer.write(block.subarray((sent[n] ?? 0) % block.length));
    }
  }, 1);
  await until(done, "the end of the flood", LIMIT_MS).finally(() => clearInterval(writing));
  return sent.reduce((sum, octets) => sum + octets, 0);
}

test.each([named(PEERS)])(
  "%s messages that never end are held within bounds, and closed when they are idle",
  async () => {
    await using lab = await startLabProcess({ limits: { tcpIdleSeconds: 3 } });
    const before = await startingPoint(lab);
    {
      using open = new DisposableStack();
      const peers = await openPeers(lab, PEERS, open);
      const start = frameOf(BINARY, Buffer.alloc(60_000), notFinal);
      for (const peer of peers) peer.write(start);
      await expectService(lab);
      expect((await residentBytes(lab)) - before.memory).toBeLessThan(PEERS * 2 * 65_536 + MOST_GROWTH);
      await until(() => peers.every((peer) => peer.ended), "the end of all", LIMIT_MS);
    }
    const series = await expectRecovery(lab, before);
    expect(series.get("wirelab_rejected_total", { protocol: "websocket", reason: "idle" })).toBe(PEERS);
  },
);

test("a flood of pings by a peer that does not read takes little memory; everybody else is served", async () => {
  await using lab = await startLabProcess();
  const before = await startingPoint(lab);
  {
    using peer = await openTo(lab);
    peer.pause();
    const pings = Buffer.concat(Array.from({ length: 400 }, () => frameOf(PING, Buffer.alloc(125))));
    let latest = -1;
    let offered = 0;
    // The kernel accepts no more: the lab does not read either.
    const isStopped = async () => {
      await expectService(lab);
      const before = latest;
      latest = offered;
      return before === latest && offered > 100_000;
    };
    const writing = setInterval(() => {
      offered += peer.write(pings.subarray(offered % pings.length));
    }, 1);
    await until(isStopped, "a peer that is no longer read from", LIMIT_MS).finally(() => clearInterval(writing));
    const held = heldIn(await scrape(lab));
    expect(held).toBeWithin(1, 2 * 2 ** 20);
    expect((await residentBytes(lab)) - before.memory).toBeLessThan(MOST_GROWTH);
  }
  await expectRecovery(lab, before);
});

test("a peer that does not read its answers is no longer read from, and closed after the idle limit", async () => {
  await using lab = await startLabProcess({ limits: { tcpIdleSeconds: 2 } });
  const before = await startingPoint(lab);
  {
    using peer = await openTo(lab);
    peer.pause();
    const isClosed = async () => (await rejected(lab, "websocket", "slow-reader")) === 1;
    await flood([peer], frameOf(BINARY, testPacket(1, 7, 60_000)), isClosed);
    expect((await trafficOf(lab, "websocket")).receivedBytes).toBeLessThan(32e6);
    expect((await residentBytes(lab)) - before.memory).toBeLessThan(MOST_GROWTH);
  }
  await expectRecovery(lab, before);
});

test.each([named(PEERS)])(
  "%s peers that do not read stay within the budget; the longest silent are closed",
  async () => {
    await using lab = await startLabProcess({ limits: { tcpBytes: 4 * 2 ** 20, tcpIdleSeconds: PAUSED_IDLE_S } });
    const before = await startingPoint(lab);
    {
      using open = new DisposableStack();
      const peers = await openPeers(lab, PEERS, open);
      for (const peer of peers) peer.pause();
      let mostHeld = 0;
      await flood(peers, frameOf(BINARY, testPacket(1, 7, 20_000)), async () => {
        // Both of one moment: the lab can be so busy that the first look is also the last one.
        const series = await scrape(lab);
        mostHeld = Math.max(mostHeld, heldIn(series));
        return rejectedIn(series, "websocket", "memory-limit") > 10;
      });
      expect(mostHeld).toBeWithin(1, 4 * 2 ** 20 + 1);
      await expectService(lab);
    }
    await expectRecovery(lab, before);
  },
);

test("a flood of the shortest messages leaves turns to everybody else, and every message is answered or dropped", async () => {
  await using lab = await startLabProcess({ limits: { tcpIdleSeconds: PAUSED_IDLE_S } });
  const before = await startingPoint(lab);
  {
    using open = new DisposableStack();
    const peers = await openPeers(lab, 4, open);
    const block = Buffer.concat(Array.from({ length: 5000 }, () => frameOf(TEXT, "")));
    const isEnough = async () => {
      await expectService(lab);
      return (await trafficOf(lab, "websocket")).packets > 100_000;
    };
    await flood(peers, block, isEnough);
  }
  await expectRecovery(lab, before);
});

test("100 peers that never stop to send the shortest messages: what waits is bounded", async () => {
  await using lab = await startLabProcess({ limits: { tcpIdleSeconds: PAUSED_IDLE_S } });
  const before = await startingPoint(lab);
  const peers = Bun.spawn([process.execPath, FLOOD, "websocket", `${lab.ports.http}`, "100"]);
  try {
    let most = 0;
    const isEnough = async () => {
      most = Math.max(most, await residentBytes(lab));
      return (await trafficOf(lab, "websocket")).packets > 100_000;
    };
    await until(isEnough, "the flood", LIMIT_MS);
    expect(most - before.memory).toBeLessThan(MOST_WAITING_BYTES);
  } finally {
    peers.kill();
    await peers.exited;
  }
  await expectRecovery(lab, before);
});
