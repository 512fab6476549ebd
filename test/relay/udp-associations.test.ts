import { expect, test } from "bun:test";
import { Associations } from "../../src/relay/udp-associations.ts";
import { openUdp, type UdpPeer } from "../support/udp.ts";
import { until } from "../support/until.ts";

/** Associations with a lab that the test plays itself. */
async function setUp() {
  const lab = await openUdp();
  const relay = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data() {}, error() {} } });
  const associations = new Associations(lab.port);
  const get = (clientPort: number, labAddress = "127.0.0.1", clientAddress = "127.0.0.1") =>
    associations.get(relay, labAddress, clientPort, clientAddress);
  const close = () => {
    associations.close();
    relay.close();
    lab.close();
  };
  return { lab, associations, get, [Symbol.dispose]: close };
}

async function received(lab: UdpPeer, count: number): Promise<readonly string[]> {
  await until(() => lab.got.length >= count, `${count} datagrams`);
  return lab.got.map((datagram) => datagram.toString()).toSorted();
}

test("a client keeps its association until the lab's address changes", async () => {
  using relay = await setUp();
  const first = relay.get(1000);
  expect(relay.get(1000)).toBe(first);
  expect(relay.get(1001)).not.toBe(first);
  expect(relay.get(1000, "127.0.0.2")).not.toBe(first);
});

test("at most 64 datagrams are held until the socket is open", async () => {
  using relay = await setUp();
  const association = relay.get(1000);
  for (let i = 0; i < 70; i++) association.send(Buffer.from("held"));
  relay.get(1001).send(Buffer.from("last"));
  expect(await received(relay.lab, 65)).toEqual([...Array<string>(64).fill("held"), "last"]);
});

test("an association that is idle is closed, a newer one is not", async () => {
  using relay = await setUp();
  const idle = relay.get(1000);
  idle.send(Buffer.from("a"));
  const startedAt = performance.now();
  await until(() => performance.now() - startedAt > 20, "20 ms without datagrams");
  const active = relay.get(1001);
  active.send(Buffer.from("b"));
  relay.associations.closeIdle(15);
  expect(relay.get(1000)).not.toBe(idle);
  expect(relay.get(1001)).toBe(active);
});

test("a further association replaces, of 1024, the oldest with few datagrams", async () => {
  using relay = await setUp();
  const clients = Array.from({ length: 1024 }, (_, i) => ({ port: 1000 + i, association: relay.get(1000 + i) }));
  for (let i = 0; i < 8; i++) relay.get(1000).send(Buffer.from("established"));
  relay.get(5000);
  const firstThree = clients.slice(0, 3).toReversed(); // asking for 1001 opens it again, in place of 1002
  const replaced = firstThree.filter(({ port, association }) => relay.get(port) !== association);
  expect(replaced.map(({ port }) => port)).toEqual([1001]);
});

test("a flood of clients does not replace one that sends", async () => {
  using relay = await setUp();
  const own = relay.get(1000, "127.0.0.1", "192.0.2.7");
  for (let i = 0; i < 8; i++) own.send(Buffer.from("own"));
  for (let i = 0; i < 1500; i++) relay.get(1, "127.0.0.1", `10.${i >> 8}.${i & 255}.1`);
  expect(relay.get(1000, "127.0.0.1", "192.0.2.7")).toBe(own);
});
