/** TLS peers that never complete a handshake, do not read, or flood. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { residentBytes } from "../servers/support/memory.ts";
import { testFrame, trafficOf } from "../support/clients.ts";
import { TLS_ON } from "../support/lab.ts";
import { heldIn, rejected, rejectedIn, scrape } from "../support/scrape.ts";
import { openTls, type Peer } from "../support/tcp.ts";
import { until } from "../support/until.ts";
import { openCrowd } from "./support/crowd.ts";
import { countOf, DEADLINE_MS, named } from "./support/scale.ts";
import { expectRecovery, expectService, startingPoint } from "./support/service.ts";

setDefaultTimeout(DEADLINE_MS);

const SILENT = countOf(500, 4000);
const LIMIT_MS = countOf(60_000, 240_000);
/** Most growth of memory while little is held for a peer, octets. */
const MOST_GROWTH = 128e6;

const openTo = (lab: LabProcess) => openTls(lab.ports.tls ?? 0);

/** Writes `block` again and again on the connection until `done`. */
async function flood(peer: Peer, block: Buffer, done: () => Promise<boolean>): Promise<void> {
  let sent = 0;
  const writing = setInterval(() => {
    if (!peer.ended) sent += peer.write(block.subarray(sent % block.length));
  }, 1);
  await until(done, "the end of the flood", LIMIT_MS).finally(() => clearInterval(writing));
}

test.each([named(SILENT)])(
  "%s handshakes that never end are closed after the limit; everybody else is served",
  async () => {
    await using lab = await startLabProcess({ ...TLS_ON, limits: { handshakeMs: 3000 } });
    const before = await startingPoint(lab);
    {
      await using crowd = await openCrowd(lab.ports.tls ?? 0, SILENT);
      crowd.write(Buffer.of(0x16, 3, 1, 2, 0, 1)); // the first octets of a ClientHello
      await expectService(lab);
      await until(() => crowd.closed === SILENT, "the end of all", LIMIT_MS);
    }
    const series = await expectRecovery(lab, before);
    expect(series.get("wirelab_rejected_total", { protocol: "tls", reason: "handshake-timeout" })).toBe(SILENT);
    expect(series.get("wirelab_tls_handshakes_total", { protocol: "tls", result: "timeout" })).toBe(SILENT);
  },
);

test("a peer that does not read its answers is no longer read from, and closed after the idle limit", async () => {
  await using lab = await startLabProcess({ ...TLS_ON, limits: { tcpIdleSeconds: 2 } });
  const before = await startingPoint(lab);
  {
    using peer = await openTo(lab);
    peer.pause();
    peer.write(STAMP_PREFACE);
    const block = Buffer.concat(Array.from({ length: 16 }, (_, n) => testFrame(n, 7, 60_000)));
    await flood(peer, block, async () => (await rejected(lab, "tls", "slow-reader")) === 1);
    expect((await trafficOf(lab, "tls")).receivedBytes).toBeLessThan(32e6);
    expect((await residentBytes(lab)) - before.memory).toBeLessThan(MOST_GROWTH);
  }
  await expectRecovery(lab, before);
});

test("peers that do not read stay within the budget that TCP, TLS and WebSocket share", async () => {
  await using lab = await startLabProcess({ ...TLS_ON, limits: { tcpBytes: 2 ** 20 } });
  const before = await startingPoint(lab);
  {
    using open = new DisposableStack();
    const peers = await Promise.all(Array.from({ length: 40 }, async () => open.use(await openTo(lab))));
    const block = Buffer.concat(Array.from({ length: 16 }, (_, n) => testFrame(n, 7, 60_000)));
    for (const peer of peers) peer.write(STAMP_PREFACE);
    let mostHeld = 0;
    const sent = peers.map(() => 0);
    const writing = setInterval(() => {
      for (const [n, peer] of peers.entries()) {
        if (!peer.ended) sent[n] = (sent[n] ?? 0) + peer.write(block.subarray((sent[n] ?? 0) % block.length));
      }
    }, 5);
    for (const peer of peers) peer.pause();
    const isFull = async () => {
      const series = await scrape(lab);
      mostHeld = Math.max(mostHeld, heldIn(series));
      return rejectedIn(series, "tls", "memory-limit") > 0;
    };
    await until(isFull, "a full budget", LIMIT_MS).finally(() => clearInterval(writing));
    expect(mostHeld).toBeLessThanOrEqual(2 ** 20);
  }
  await expectRecovery(lab, before);
});

test("a flood of frames leaves turns to everybody else, and every packet is answered or dropped", async () => {
  await using lab = await startLabProcess({ ...TLS_ON });
  const before = await startingPoint(lab);
  {
    using peer = await openTo(lab);
    peer.write(STAMP_PREFACE);
    const block = Buffer.concat(Array.from({ length: 5000 }, (_, n) => testFrame(n)));
    await flood(peer, block, async () => {
      await expectService(lab);
      return (await trafficOf(lab, "tls")).packets > 20_000;
    });
  }
  await expectRecovery(lab, before);
});
