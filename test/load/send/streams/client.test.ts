/** The client for streams on connections of the test. */
import { expect, test } from "bun:test";
import { StreamsClient } from "../../../../src/load/send/streams/client.ts";
import type { Exchange, StreamConnection, StreamEvents } from "../../../../src/load/send/streams/connection.ts";
import { clientSettings } from "../../support/client-settings.ts";

/** A connection with two streams that a test opens, answers and ends. */
class FakeConnection implements StreamConnection {
  readonly opened = Promise.withResolvers<void>();
  readonly requests: Exchange[] = [];
  readonly localPort = 4000;
  isSpent = false;
  constructor(readonly events: StreamEvents) {}
  connect(): Promise<void> {
    return this.opened.promise;
  }
  get free(): number {
    return 2 - this.requests.length;
  }
  get active(): number {
    return this.requests.length;
  }
  request(exchange: Exchange): number {
    this.requests.push(exchange);
    return 10;
  }
  oldest(): Exchange | undefined {
    return this.requests[0];
  }
  /** Ends the oldest request, and then the turn. */
  answer(): void {
    this.events.onRead(() => 0);
    this.events.onOutcome(this.requests.shift() ?? expect.unreachable(), { kind: "answered" });
    this.events.onTurnEnd();
  }
  flush(): void {}
  cancel(): void {
    this.requests.shift();
  }
  close(): void {}
}

/** An open client with one place for a connection, and the connections that it has made. */
async function openClient() {
  const { settings, clock, recorder } = clientSettings({ protocol: "http2", timeout: 0.1, connections: 1, streams: 2 });
  const made: FakeConnection[] = [];
  const client = new StreamsClient(settings, {
    makeConnection(_lane, events) {
      const connection = new FakeConnection(events);
      if (made.push(connection) === 1) connection.opened.resolve();
      return connection;
    },
    streams: 2,
    timeConnecting: false,
  });
  await client.open();
  const send = () => client.send(clock.time, clock.time);
  const connection = (index: number) => made[index] ?? expect.unreachable();
  return { client, recorder, clock, send, connection };
}

test("the streams of a connection that ends count until they have an outcome", async () => {
  const { recorder, send, connection } = await openClient();
  expect([send(), send(), send()]).toEqual([true, true, false]);
  connection(0).isSpent = true;
  connection(0).events.onTurnEnd();
  expect(send()).toBe(false);
  connection(0).answer();
  expect([send(), send()]).toEqual([true, false]);
  connection(0).answer();
  expect([send(), send()]).toEqual([true, false]);
  const later = connection(1);
  later.opened.resolve();
  await later.opened.promise;
  await Promise.resolve();
  expect(later.requests).toHaveLength(2);
  expect(recorder.counts).toMatchObject({ sent: 4, answered: 2, lost: 0 });
});

test("a packet that waits for a connection beyond the waiting time is lost, and takes no place", async () => {
  const { client, recorder, clock, send, connection } = await openClient();
  connection(0).isSpent = true;
  connection(0).events.onTurnEnd();
  expect([send(), send(), send()]).toEqual([true, true, false]);
  clock.time += 1000;
  client.tick(clock.time);
  expect([recorder.counts.lost, client.pending, send()]).toEqual([2, 0, false]);
  clock.time += 101;
  client.tick(clock.time);
  expect([send(), send(), send()]).toEqual([true, true, false]);
  expect(recorder.counts).toMatchObject({ sent: 4, lost: 2 });
});
