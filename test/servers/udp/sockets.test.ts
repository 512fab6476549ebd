import { expect, test } from "bun:test";
import { UdpSockets } from "../../../src/servers/udp/sockets.ts";
import { openUdp } from "../../support/udp.ts";
import { until } from "../../support/until.ts";

test("datagrams that would occupy the event loop are divided over turns; each is read and answered once", async () => {
  using client = await openUdp();
  const count = 200;
  let now = 0;
  let inTurn = 0;
  const turns: number[] = [];
  const endTurn = () => {
    turns.push(inTurn);
    inTurn = 0;
  };
  const sockets = await UdpSockets.open(
    "127.0.0.1",
    0,
    1 << 20,
    {
      data(socket, data, port, address) {
        socket.received(now++); // each takes 1 ms
        if (inTurn++ === 0) setImmediate(endTurn);
        socket.send(data, port, address);
      },
      error() {},
    },
    () => now,
  );
  for (let n = 0; n < count; n++) client.send(`${n}`, sockets.port);
  await until(() => client.got.length === count, "the answers");
  expect(client.got.map(String)).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
  await until(() => inTurn === 0, "the last turn");
  expect(turns.reduce((sum, each) => sum + each, 0)).toBe(count);
  expect(Math.max(...turns)).toBeLessThan(count / 2); // 12, and those that the runtime has read together with them
  expect(sockets.receiveBufferDrops()).toBe(0);
  sockets.close();
});
