import { describe, expect, test } from "bun:test";
import { descriptorOf, processUsage, receiveBufferDrops, setReceiveBuffer } from "../../src/base/kernel.ts";
import { until } from "../support/until.ts";

const isLinux = process.platform === "linux";
if (!isLinux) console.warn("SKIPPED: kernel drop counters are available on Linux only (/proc)");

describe.if(isLinux)("receive buffers", () => {
  test("receiveBufferDrops counts the datagrams that the kernel dropped at each socket", async () => {
    let received = 0;
    const receiver = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data: () => void received++ } });
    const other = await Bun.udpSocket({ hostname: "127.0.0.1" });
    const sender = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: receiver.port } });
    try {
      const datagram = Buffer.alloc(1000);
      for (let i = 0; i < 2000; i++) sender.send(datagram); // in one turn of the event loop, so nothing is read
      await until(
        () => received + (receiveBufferDrops([receiver]) ?? 0) === 2000,
        "2000 datagrams received or dropped",
      );
      expect(receiveBufferDrops([receiver])).toBeGreaterThan(0);
      expect(receiveBufferDrops([other])).toBe(0);
      expect(receiveBufferDrops([receiver, other])).toBe(2000 - received);
    } finally {
      for (const socket of [receiver, other, sender]) socket.close();
    }
  });

  test("setReceiveBuffer with a larger size makes the buffer hold more datagrams", async () => {
    const fill = async (bytes: number) => {
      let received = 0;
      const receiver = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data: () => void received++ } });
      const sender = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: receiver.port } });
      expect(setReceiveBuffer(receiver, bytes)).toBe(true);
      for (let i = 0; i < 500; i++) sender.send(Buffer.alloc(100));
      await until(() => received + (receiveBufferDrops([receiver]) ?? 0) === 500, "500 datagrams received or dropped");
      receiver.close();
      sender.close();
      return received;
    };
    expect(await fill(20_000)).toBeLessThan((await fill(100_000)) - 20);
  });
});

test("an object without a file descriptor has no receive buffer and no drops", () => {
  expect(descriptorOf({})).toBeUndefined();
  expect(descriptorOf({ fd: -1 })).toBeUndefined();
  expect(setReceiveBuffer({}, 1000)).toBe(false);
  expect(receiveBufferDrops([])).toBe(isLinux ? 0 : undefined);
});

test("processUsage returns the statistics of this process", () => {
  const { userSeconds, residentBytes, startTime, openFiles, maxFiles } = processUsage();
  expect(userSeconds).toBeGreaterThan(0);
  expect(residentBytes).toBeGreaterThan(10e6);
  expect(Math.abs(startTime - Date.now() / 1000)).toBeLessThan(86_400);
  if (isLinux) expect(openFiles).toBeWithin(3, maxFiles + 1);
});
