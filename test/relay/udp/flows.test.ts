/** The table of flows, without sockets: a flow that was not opened has none. */
import { expect, test } from "bun:test";
import { UdpFlow } from "../../../src/relay/udp/flow.ts";
import { UdpFlows } from "../../../src/relay/udp/flows.ts";
import { UdpSocket } from "../../../src/servers/udp/sockets.ts";

async function setUp(flows: number) {
  const own = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data() {}, error() {} } });
  const socket = new UdpSocket(own);
  const table = new UdpFlows({ flows, flowIdleMs: 1000 });
  const ends = { bound() {}, fromUpstream() {}, upstreamError() {} };
  const add = (n: number, now: number) => {
    const flow = new UdpFlow(`10.${n >> 8}.${n & 255}.1`, 1000, "127.0.0.1", socket, now, ends);
    table.add(flow, now);
    return flow;
  };
  return { table, add, [Symbol.dispose]: () => own.close() };
}

test("a table that stopped growing grows again after the search for idle flows", async () => {
  using each = await setUp(10);
  for (let n = 0; n < 5; n++) each.add(n, 0);
  each.table.stopGrowing("10.9.9.1", 0);
  each.add(5, 0);
  expect([each.table.size, each.table.overflows]).toEqual([4, 2]);
  await each.table.closeIdle(0);
  for (let n = 6; n < 20; n++) each.add(n, 0);
  expect([each.table.size, each.table.overflows]).toEqual([10, 10]);
});

test("a flow with a datagram while idle ones are closed stays", async () => {
  using each = await setUp(1000);
  const flows = Array.from({ length: 600 }, (_, n) => each.add(n, 0));
  const closing = each.table.closeIdle(1000);
  for (const flow of flows) flow.lastAt = 1000; // those of the first turn are closed already
  await closing;
  expect(each.table.size).toBeWithin(300, 400);
  expect(flows.at(-1)?.isOpen).toBe(false); // it has no socket, and has not ended
  expect(flows[0]?.isOpen).toBe(true); // it has ended
});

test("a flow that was replaced does not close the one in its place", async () => {
  using each = await setUp(10);
  const before = each.add(1, 0);
  each.table.close(before);
  const after = each.add(1, 0);
  each.table.close(before);
  expect([each.table.size, each.table.get(after.address, after.port)]).toEqual([1, after]);
});

/** A flow at whose socket the kernel has dropped `drops` datagrams, and how often it was asked. */
class DroppingFlow extends UdpFlow {
  drops = 0;
  readings = 0;
  override receiveBufferDrops(): number {
    this.readings++;
    return this.drops;
  }
}

test("the drops of the kernel are read in turns, 256 flows each, and those of a closed flow stay", async () => {
  const own = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data() {}, error() {} } });
  const table = new UdpFlows({ flows: 1000, flowIdleMs: 60_000 });
  const ends = { bound() {}, fromUpstream() {}, upstreamError() {} };
  const flows = Array.from(
    { length: 600 },
    (_, n) => new DroppingFlow("127.0.0.1", n + 1, "127.0.0.1", new UdpSocket(own), 0, ends),
  );
  const readings = () => flows.reduce((sum, flow) => sum + flow.readings, 0);
  for (const flow of flows) table.add(flow, 0);
  for (const flow of flows) flow.drops = 2;
  const seen: [readings: number, drops: number][] = [];
  for (let turn = 0; turn < 3; turn++) {
    table.readReceiveBufferDrops();
    seen.push([readings(), table.knownReceiveBufferDrops]);
  }
  expect(seen).toEqual([
    [256, 512],
    [512, 1024],
    [600, 1200],
  ]);
  const [first] = flows;
  if (first) {
    first.drops = 7;
    table.close(first);
  }
  expect(table.knownReceiveBufferDrops).toBe(1205);
  for (let turn = 0; turn < 3; turn++) table.readReceiveBufferDrops();
  expect(table.knownReceiveBufferDrops).toBe(1205); // each is counted once
  await table.closeAll();
  expect(table.knownReceiveBufferDrops).toBe(1205);
  own.close();
});
