import { expect, test } from "bun:test";
import type { Backend } from "../../src/relay/backend.ts";
import { openUdpRelay } from "../../src/relay/udp.ts";
import { startTestLab } from "../support/lab.ts";
import { openUdp } from "../support/udp.ts";
import { until } from "../support/until.ts";
import { backendAt } from "./support.ts";

const textsOf = (datagrams: readonly Buffer[]) => datagrams.map((datagram) => datagram.toString());

test("datagrams sent before the association's socket is open are forwarded, and each client gets its own replies", async () => {
  await using lab = await startTestLab();
  await using relay = await openUdpRelay("127.0.0.1", 0, backendAt("127.0.0.1"), lab.ports.udp);
  using first = await openUdp();
  using second = await openUdp();
  for (let i = 0; i < 3; i++) first.send("Hello UDP 7", relay.port);
  second.send("Hi", relay.port);
  await until(() => first.got.length === 3 && second.got.length === 1, "the replies");
  expect(textsOf(first.got)).toEqual(["ACK-UDP", "ACK-UDP", "ACK-UDP"]);
  expect(textsOf(second.got)).toEqual(["AC"]);
});

test("the relay continues when its lab stops, and forwards to the next lab", async () => {
  let address: string | undefined = "127.0.0.1";
  const backend: Backend = {
    get address() {
      return address;
    },
    [Symbol.dispose]() {},
  };
  const stopped = await startTestLab();
  await using relay = await openUdpRelay("127.0.0.1", 0, backend, stopped.ports.udp);
  using client = await openUdp();
  const send = () => client.send("Hello UDP 7", relay.port);
  send();
  await until(() => client.got.length === 1, "a reply");
  await stopped.stop();
  send(); // refused: no socket is bound to the port
  send(); // would throw the ICMP error of the datagram before
  address = undefined;
  send(); // dropped: there is no lab
  await using _next = await startTestLab({ udpPort: stopped.ports.udp });
  address = "127.0.0.1";
  await until(() => {
    send();
    return client.got.length > 1;
  }, "a reply of the next lab");
  expect(new Set(textsOf(client.got))).toEqual(new Set(["ACK-UDP"]));
});
