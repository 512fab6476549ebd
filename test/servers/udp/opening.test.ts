import { expect, test } from "bun:test";
import { setDropping } from "../../../src/base/kernel.ts";
import { UdpSockets } from "../../../src/servers/udp/sockets.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";

test("datagrams are received as soon as the port is open", async () => {
  const got: string[] = [];
  const handlers = { data: (_: unknown, data: Buffer) => void got.push(data.toString()), error() {} };
  const sockets = await UdpSockets.open("127.0.0.1", 0, 65_536, handlers, () => performance.now());
  using client = await openUdp();
  for (let i = 0; i < 3; i++) client.send(`${i}`, sockets.port);
  await until(() => got.length === 3, "the datagrams");
  expect(got).toEqual(["0", "1", "2"]);
  expect(sockets.receiveBufferDrops()).toBe(0);
  sockets.close();
});

test("the kernel drops what arrives at a socket while it is told to", async () => {
  const got: string[] = [];
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_, data) => void got.push(`${data}`) },
  });
  using client = await openUdp();
  setDropping(socket, true);
  client.send("dropped", socket.port);
  setDropping(socket, false);
  client.send("kept", socket.port);
  await until(() => got.length > 0, "a datagram");
  expect(got).toEqual(["kept"]);
  socket.close();
});
