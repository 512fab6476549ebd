/** Floods of datagrams: every length, mutations of valid packets, and clients that have closed their sockets. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { random } from "../../src/base/random.ts";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { testPacket, trafficOf } from "../support/clients.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { mutated, noise } from "./support/mutations.ts";
import { countOf, DEADLINE_MS, named } from "./support/scale.ts";
import { expectRecovery, startingPoint } from "./support/service.ts";

setDefaultTimeout(DEADLINE_MS);

const NO_FAULTS = { http: {}, tcp: {}, udp: {} };
/** Octets and datagrams sent before the test waits for the lab and for its answers: receive buffers of the default size hold them. */
const MOST_UNREAD = { octets: 60_000, datagrams: 80 };
const LARGEST = 65_507;
const LENGTHS = [...Array.from({ length: 1501 }, (_, length) => length), 9000, LARGEST];
const MUTATIONS = countOf(2000, 100_000);
const CLOSED = 1000;

/** Waits until the lab has received `packets` datagrams. */
function received(lab: LabProcess, packets: number) {
  return until(async () => {
    const traffic = await trafficOf(lab, "udp");
    return traffic.packets >= packets && traffic;
  }, `${packets} datagrams`);
}

/** Sends all datagrams to the UDP and the STAMP port in turn, and checks that each is counted and none grows. */
async function flood(lab: LabProcess, datagrams: Iterable<Buffer>) {
  using peer = await openUdp();
  const before = await trafficOf(lab, "udp");
  const sent = { datagrams: 0, octets: 0 };
  const unread = { octets: 0, datagrams: 0 };
  for (const datagram of datagrams) {
    const isDue = unread.octets + datagram.length > MOST_UNREAD.octets || unread.datagrams >= MOST_UNREAD.datagrams;
    if (isDue) {
      const { answered } = await received(lab, before.packets + sent.datagrams);
      await until(() => peer.got.length >= answered - before.answered, "the answers so far");
      Object.assign(unread, { octets: 0, datagrams: 0 });
    }
    peer.send(datagram, (sent.datagrams % 2 === 0 ? lab.ports.udp : lab.ports.stamp) ?? 0);
    sent.datagrams++;
    sent.octets += datagram.length;
    unread.datagrams++;
    unread.octets += datagram.length;
  }
  const after = await received(lab, before.packets + sent.datagrams);
  expect(after.packets - before.packets).toBe(sent.datagrams);
  expect(after.receivedBytes - before.receivedBytes).toBe(sent.octets);
  const answered = after.answered - before.answered;
  expect(answered + after.dropped - before.dropped).toBe(sent.datagrams);
  expect(after.dropped - before.dropped).toBe(after.rejected("not-stamp") + after.rejected("own-reply"));
  await until(() => peer.got.length === answered, "all answers");
  expect(after.sentBytes - before.sentBytes).toBeLessThanOrEqual(sent.octets);
  return { sent: sent.datagrams, answered };
}

test("12,024 datagrams of every length from 0 to 1,500, of 9,000 and of 65,507 octets", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ stampPort: 0 }, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(1, "lengths");
  function* ofEveryLength() {
    for (const length of LENGTHS) {
      const cut = testPacket(length, 7, Math.max(44, length)).subarray(0, length);
      // Each is sent twice, so that both ports receive it.
      for (const bytes of [Buffer.alloc(length), Buffer.alloc(length, 0xff), noise(draw, length), cut])
        yield* [bytes, bytes];
    }
  }
  const { sent, answered } = await flood(lab, ofEveryLength());
  expect([sent, answered > sent / 2]).toEqual([8 * LENGTHS.length, true]);
  await expectRecovery(lab, before);
});

test.each([[named(MUTATIONS)]])("%s mutated STAMP datagrams", async () => {
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ stampPort: 0 }, group?.wrap);
  const before = await startingPoint(lab);
  const draw = random(2, "datagrams");
  function* mutations() {
    for (let n = 0; n < MUTATIONS; n++) yield mutated(draw, testPacket(n, n & 0xffff, 44 + (n % 5) * 64));
  }
  const { sent } = await flood(lab, mutations());
  expect(sent).toBe(MUTATIONS);
  await expectRecovery(lab, before);
});

test("1,000 answers to closed sockets, which are ICMP errors", async () => {
  const delay = { kind: "fixed", ms: 100 } as const;
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ impair: { ...NO_FAULTS, udp: { delay } } }, group?.wrap);
  const before = await startingPoint(lab);
  const { packets, answered } = await trafficOf(lab, "udp");
  for (let n = 0; n < CLOSED; n++) {
    using peer = await openUdp();
    peer.send(testPacket(n), lab.ports.udp);
    if (n % MOST_UNREAD.datagrams === 0) await received(lab, packets + n + 1);
  }
  const isAnswered = async () => (await trafficOf(lab, "udp")).answered - answered === CLOSED;
  await until(isAnswered, "all answers");
  await until(async () => (await trafficOf(lab, "udp")).rejected("peer-gone") > 0, "the errors");
  await expectRecovery(lab, before);
});
