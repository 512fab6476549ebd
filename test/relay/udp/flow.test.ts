import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { errorCode } from "../../../src/load/measure/error-code.ts";
import { UdpFlow } from "../../../src/relay/udp/flow.ts";
import { UdpSocket } from "../../../src/servers/udp/sockets.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";

async function setUp() {
  const service = await openUdp();
  const own = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data() {}, error() {} } });
  const bound: (number | undefined)[] = [];
  const errors: string[] = [];
  const flow = new UdpFlow("127.0.0.1", 1000, "127.0.0.1", new UdpSocket(own), 0, {
    bound: (_, descriptor) => bound.push(descriptor),
    fromUpstream() {},
    upstreamError: (_, error) => errors.push(errorCode(error)),
  });
  return {
    service,
    bound,
    errors,
    flow,
    open: () => flow.open({ port: service.port }, [], 65_536),
    hold: (text: string) => flow.whenOpen(() => void flow.transmit("up", Buffer.from(text))),
    [Symbol.dispose]() {
      flow.close();
      own.close();
      service.close();
    },
  };
}

test("4,096 datagrams are held until the socket is open, and forwarded then; a further one is refused", async () => {
  using each = await setUp();
  const held = Array.from({ length: 4100 }, (_, i) => (i < 100 ? each.hold(`${i}`) : each.flow.whenOpen(() => {})));
  expect([held.lastIndexOf(true), held.filter(Boolean).length]).toEqual([4095, 4096]);
  expect(each.flow.isOpen).toBe(false);
  await each.open();
  expect([each.flow.isOpen, each.bound.length]).toEqual([true, 1]);
  await until(() => each.service.got.length === 100, "the datagrams that were held");
  expect(each.service.got.map(String)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  each.flow.close();
  expect(each.flow.transmit("up", Buffer.from("late"))).toBe("peer-gone");
});

test("a datagram that the system refuses at both attempts is one error", async () => {
  using each = await setUp();
  await each.open();
  const tooLong = Buffer.alloc(65_508);
  expect([each.flow.transmit("up", tooLong), each.errors]).toEqual(["send-failed", ["EMSGSIZE"]]);
});

test("a flow that is closed before its socket is open loses what it holds", async () => {
  using each = await setUp();
  const fates: unknown[] = [];
  each.flow.whenOpen(() => fates.push(each.flow.transmit("up", Buffer.from("held"))));
  const opening = each.open();
  each.flow.close();
  await opening;
  expect([fates, each.flow.isOpen, each.service.got]).toEqual([["peer-gone"], true, []]);
});

test("a flow that is closed before its socket is open leaves no descriptor", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  using each = await setUp();
  const before = descriptors();
  const flows = Array.from({ length: 20 }, () => {
    const ends = { bound() {}, fromUpstream() {}, upstreamError() {} };
    return new UdpFlow("127.0.0.1", 1000, "127.0.0.1", each.flow.clientSocket, 0, ends);
  });
  const opened = flows.map((flow) => flow.open({ port: each.service.port }, [], 65_536));
  for (const flow of flows) flow.close();
  await Promise.all(opened);
  await until(() => descriptors() <= before, "no descriptor");
});

test("a flow whose socket cannot be opened has no upstream", async () => {
  using each = await setUp();
  const flow = new UdpFlow("127.0.0.1", 1000, "not an address", each.flow.clientSocket, 0, {
    bound() {},
    fromUpstream() {},
    upstreamError() {},
  });
  await expect(flow.open({ port: 1 }, [], 65_536)).rejects.toThrow();
  expect([flow.isOpen, flow.transmit("up", Buffer.from("x"))]).toEqual([true, "no-upstream"]);
});
