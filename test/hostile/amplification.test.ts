/** No address gets more octets or datagrams than it sent, on any port, with every fault except the one that copies. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { type Random, random } from "../../src/base/random.ts";
import { parseFaults } from "../../src/faults/text.ts";
import { type LabProcess, startLabProcess } from "../servers/support/lab-process.ts";
import { testPacket, trafficOf } from "../support/clients.ts";
import { openUdp, type UdpPeer } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { below, mutated, noise } from "./support/mutations.ts";
import { countOf, DEADLINE_MS, FULL, named } from "./support/scale.ts";

setDefaultTimeout(DEADLINE_MS);

/** Each round has three datagrams for each length. */
const ROUNDS = countOf(1, 10);
const LENGTHS = [...Array.from({ length: 1501 }, (_, length) => length), 9000, 65_507];
/** Octets that a receive buffer of the default size holds. */
const MOST_UNREAD = 120_000;
const FAULTS = "drop=0.1/0.1,burst=gilbert(0.05,0.5),delay=uniform(0,20),reorder=0.3,corrupt=0.5";

/** Plain octets, a STAMP packet and a mutated one, of about `length` octets. */
function datagramsOf(draw: Random, length: number): readonly Buffer[] {
  const packet = testPacket(below(draw, 100), below(draw, 3), Math.max(44, length));
  return [noise(draw, length), packet, mutated(draw, packet.subarray(0, 1500))];
}

/** Up to this length each datagram has an address of its own, so that no longer datagram of its address hides its answer. */
const MOST_SHORT = 64;
const ADDRESSES = ROUNDS * LENGTHS.reduce((sum, length) => sum + (length <= MOST_SHORT ? 3 : 1), 0);

/** Datagrams of about `length` octets, by the address that sends them. */
function byAddress(draw: Random, length: number): readonly (readonly Buffer[])[] {
  const datagrams = datagramsOf(draw, length);
  return length <= MOST_SHORT ? datagrams.map((datagram) => [datagram]) : [datagrams];
}

/** An address, and what it has sent. */
interface Sender {
  readonly peer: UdpPeer;
  readonly datagrams: readonly Buffer[];
}

const octetsIn = (datagrams: readonly Buffer[]) => datagrams.reduce((sum, { length }) => sum + length, 0);

/** Waits until `count` datagrams are received. */
function received(lab: LabProcess, count: number) {
  return until(async () => (await trafficOf(lab, "udp")).packets === count, `${count} datagrams`);
}

/** Sends the datagrams of all lengths from new addresses, after `before` other ones. */
async function sendAll(lab: LabProcess, port: number, draw: Random, before: number, open: DisposableStack) {
  const senders: Sender[] = [];
  let count = before;
  let unread = 0;
  for (const datagrams of LENGTHS.flatMap((length) => byAddress(draw, length))) {
    const sender = { peer: open.use(await openUdp()), datagrams };
    senders.push(sender);
    for (const datagram of sender.datagrams) {
      unread += datagram.length + 1300; // the kernel's own use for each datagram
      if (unread > MOST_UNREAD) {
        await received(lab, count);
        unread = datagram.length;
      }
      sender.peer.send(datagram, port);
      count++;
    }
  }
  return { senders, count };
}

/** The short form has the faults, with which more can go wrong. */
const CASES = (["udp", "stamp"] as const).flatMap((port) =>
  (FULL ? [FAULTS, "none"] : [FAULTS]).map((faults) => [named(ADDRESSES), port, faults] as const),
);

test.each(CASES)("of %s addresses none gets more than it sent (%s port, faults %s)", async (_, port, faults) => {
  const impair = { http: {}, tcp: {}, udp: parseFaults("udp", faults) };
  using group = limitMemory(512 * 2 ** 20);
  await using lab = await startLabProcess({ stampPort: 0, impair }, group?.wrap);
  const draw = random(5, port);
  const sum = { sent: 0, answered: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    using open = new DisposableStack();
    const { senders, count } = await sendAll(lab, lab.ports[port] ?? 0, draw, sum.sent, open);
    sum.sent = count;
    const { answered } = await until(async () => {
      const now = await trafficOf(lab, "udp");
      return now.packets === count && now.answered + now.dropped === count && now;
    }, "the fate of every datagram");
    const got = () => senders.reduce((total, { peer }) => total + peer.got.length, 0);
    await until(() => got() === answered - sum.answered, "every answer");
    sum.answered = answered;
    for (const { peer, datagrams } of senders) {
      expect(peer.got.length).toBeLessThanOrEqual(datagrams.length);
      expect(octetsIn(peer.got)).toBeLessThanOrEqual(octetsIn(datagrams));
    }
  }
  expect(sum.answered).toBeGreaterThan(sum.sent / 4);
});
