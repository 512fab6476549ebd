/**
 * A relay in a test of your own: the faults are between your client and your service, which both stay as they are. Here the client
 * asks a UDP service and asks again after a time without an answer, and the relay loses datagrams in both directions.
 *
 *     bun test ./examples/relay-in-a-test.test.ts
 */
import { expect, test } from "bun:test";
import { startRelay } from "wirelab";

/** The service: answers each datagram with the same text in upper case. */
async function startService() {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (socket, data, port, address) => void socket.send(`${data}`.toUpperCase(), port, address) },
  });
  return { port: socket.port, [Symbol.dispose]: () => socket.close() };
}

/** The code under test: resolves with the answer and the number of requests that it took. */
async function ask(port: number, text: string, patienceMs: number): Promise<{ answer: string; requests: number }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.udpSocket({ socket: { data: (_, data) => resolve(`${data}`) } });
  let requests = 0;
  const send = () => {
    requests++;
    socket.send(text, port, "127.0.0.1");
  };
  send();
  const timer = setInterval(send, patienceMs);
  const answer = await promise;
  clearInterval(timer);
  socket.close();
  return { answer, requests };
}

test("asks again until there is an answer", async () => {
  using service = await startService();
  await using relay = await startRelay({ protocol: "udp", to: service.port, faults: "drop=0.5/0.5", seed: 7 });
  for (let i = 0; i < 10; i++) expect((await ask(relay.port, "hello", 20)).answer).toBe("HELLO");
  const { up, down } = relay.counts;
  expect(up.packetsIn).toBeGreaterThan(10);
  expect(up.packetsIn).toBe(up.packetsOut + up.dropped + up.waiting);
  expect(down.drops.drop?.packets).toBeGreaterThan(0);
});

test("does not ask again while the answer is only late", async () => {
  using service = await startService();
  const faults = { down: { delay: { kind: "fixed", ms: 30 } } } as const;
  await using relay = await startRelay({ protocol: "udp", to: service.port, faults });
  expect(await ask(relay.port, "hello", 1000)).toEqual({ answer: "HELLO", requests: 1 });
  expect(relay.counts.down.addedMs?.mean).toBeGreaterThanOrEqual(30);

  relay.setFaults("none");
  await ask(relay.port, "hello", 1000);
  expect(relay.faults).toBe("none");
});
