import { expect, test } from "bun:test";
import { dataAgeOf, receiveTimesOf } from "../../src/base/receive-times.ts";
import { ca, valid } from "../load/support/certificates.ts";
import { until } from "../support/until.ts";

const isLinux = process.platform === "linux";
if (!isLinux) console.warn("SKIPPED: the kernel's receive times are available on Linux only");

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    // The event loop reads nothing meanwhile.
  }
}

test.if(isLinux)("receiveTimesOf reads when the kernel received a datagram, not when it was read", async () => {
  const delays: number[] = [];
  let receiveTime: () => number | undefined = () => undefined;
  const receiver = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: () => void delays.push(performance.timeOrigin + performance.now() - (receiveTime() ?? 0)) },
  });
  const sender = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: receiver.port } });
  try {
    receiveTime = receiveTimesOf(receiver);
    sender.send(Buffer.from("timely"));
    await until(() => delays.length === 1, "the first datagram");
    sender.send(Buffer.from("late"));
    block(30);
    await until(() => delays.length === 2, "the second datagram");
    expect(delays[1]).toBeWithin(29, 1000);
    expect(delays[0]).toBeWithin(-1, 1000);
  } finally {
    receiver.close();
    sender.close();
  }
  expect(receiveTimesOf({})()).toBe(undefined);
});

test.if(isLinux).each([
  ["TCP", undefined],
  ["TLS", { server: valid, client: { ca } }],
])("dataAgeOf reads how long ago the kernel received data of a %s connection, at least", async (_name, tls) => {
  const ages: (number | undefined)[] = [];
  let age: () => number | undefined = () => undefined;
  const peers: Bun.Socket[] = [];
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls && { tls: tls.server }),
    socket: {
      data: (socket) => void peers.push(socket),
    },
  });
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    ...(tls && { tls: tls.client }),
    // Without a handler of the handshake the connection is open after it.
    socket: { open: (socket) => void socket.write("open"), data: () => void ages.push(age()) },
  });
  try {
    age = dataAgeOf(client);
    await until(() => peers.length === 1, "the connection");
    peers[0]?.write("late");
    block(60);
    await until(() => ages.length === 1, "the data");
    // Less than two ticks of at most 10 ms below the true age.
    expect(ages[0]).toBeWithin(40, 10_000);
    block(60);
    peers[0]?.write("timely");
    await until(() => ages.length === 2, "more data");
    expect(ages[1]).toBeLessThan(ages[0] ?? 0);
  } finally {
    server.stop(true);
  }
  client.end();
  await until(() => age() === undefined, "a closed connection has none");
  expect(dataAgeOf({})()).toBe(undefined);
});
