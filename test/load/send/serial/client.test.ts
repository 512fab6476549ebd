import { expect, test } from "bun:test";
import { Recorder } from "../../../../src/load/measure/recorder.ts";
import { SerialClient, type Usage } from "../../../../src/load/send/serial/client.ts";
import type { ConnectionEvents, SerialConnection } from "../../../../src/load/send/serial/connection.ts";
import { clientSettings } from "../../support/client-settings.ts";

/** A connection that a test opens, answers and closes. */
class FakeConnection implements SerialConnection {
  readonly written: number[] = [];
  readonly localPort = 4000;
  /** Ends the connection attempts that are held. */
  readonly opened = Promise.withResolvers<void>();
  usable = false;
  attempts = 0;
  closed = 0;
  constructor(
    readonly events: ConnectionEvents,
    readonly refuses: () => boolean,
    readonly holds: () => boolean,
  ) {}
  async connect(): Promise<void> {
    this.attempts++;
    if (this.holds()) await this.opened.promise;
    if (this.refuses()) throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    this.usable = true;
  }
  write(sequence: number): number {
    this.written.push(sequence);
    return 10;
  }
  close(): void {
    this.closed++;
    this.usable = false;
  }
}

/** An open client with at most two connections and a timeout of 100 ms, and its clock. */
async function openClient(options: { rate?: "max"; connections?: number; wait?: number } = {}, usage: Usage = {}) {
  const { settings, clock, recorder, notified } = clientSettings({
    protocol: "http",
    timeout: 0.1,
    connections: 2,
    ...options,
  });
  const state = { refuses: false, holds: false };
  const made: FakeConnection[] = [];
  const make = (events: ConnectionEvents) => {
    const connection = new FakeConnection(
      events,
      () => state.refuses,
      () => state.holds,
    );
    made.push(connection);
    return connection;
  };
  const client = new SerialClient(settings, make, usage);
  await client.open();
  const connection = (index: number) => made[index] ?? expect.unreachable();
  return { client, recorder, clock, state, notified, connection, made };
}

test("each connection carries one packet at a time", async () => {
  const { client, recorder, clock, notified, connection } = await openClient();
  expect([1, 2, 3].map(() => client.send(clock.time, clock.time))).toEqual([true, true, false]);
  const busy = connection(1);
  expect(busy.written).toHaveLength(1);
  busy.events.onAnswer({ kind: "answered", serverMs: 3 }, 20);
  expect(notified.count).toBe(1);
  expect(client.send(clock.time, clock.time)).toBe(true);
  expect(busy.written).toHaveLength(2);
  expect(recorder.counts).toMatchObject({ sent: 3, answered: 1, bytesSent: 30, bytesReceived: 20 });
  expect(recorder.server.max).toBeCloseTo(0.003, 6);
});

test("outcomes are counted by kind, and drops by their direction", async () => {
  const { client, recorder, clock, connection } = await openClient({ connections: 1 });
  const outcomes = [
    { kind: "dropped", direction: "up", status: 503 },
    { kind: "dropped", direction: "down", status: 503 },
    { kind: "failed", status: 404 },
    { kind: "corrupt", code: "not-http" },
    { kind: "lost", code: "closed" },
  ] as const;
  for (const outcome of outcomes) {
    client.send(clock.time, clock.time);
    connection(0).events.onAnswer(outcome, 0);
  }
  expect(recorder.counts).toMatchObject({ sent: 5, lost: 3, failed: 1, corrupt: 1, reportedUp: 1, reportedDown: 1 });
  expect([...recorder.statuses]).toEqual([
    [503, 2],
    [404, 1],
  ]);
  expect([...recorder.errors.keys()]).toEqual(["not-http", "closed"]);
});

test("a connection without an answer is closed after the waiting time; until then the answer is late", async () => {
  const { client, recorder, clock, connection } = await openClient();
  client.send(clock.time, clock.time);
  client.send(clock.time, clock.time);
  clock.time += 150;
  client.tick(clock.time);
  connection(1).events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ lost: 1, late: 1 });
  clock.time += 951;
  client.tick(clock.time);
  expect([connection(0).closed, connection(1).closed]).toEqual([1, 0]);
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ sent: 2, lost: 1, late: 1, answered: 0 });
});

test("after a refused connection an open loop fails its packets, a closed loop waits", async () => {
  for (const [options, expected] of [
    [{}, { sent: 3, failed: 3 }],
    [{ rate: "max" }, { sent: 1, failed: 1 }],
  ] as const) {
    const { client, recorder, clock, state, notified, connection } = await openClient({ ...options, connections: 1 });
    connection(0).close();
    state.refuses = true;
    client.send(clock.time, clock.time);
    await Promise.resolve();
    await Promise.resolve();
    expect(notified.count).toBe(1);
    for (let packet = 0; packet < 2; packet++) client.send(clock.time, clock.time);
    expect(recorder.counts).toMatchObject(expected);
    expect(connection(0).attempts).toBe(2);
  }
});

test("the answer to a packet of the warm-up is not counted after a restart", async () => {
  const { client, recorder, clock, connection } = await openClient();
  client.send(clock.time, clock.time);
  const measured = new Recorder();
  client.restart(measured, 2);
  connection(1).events.onAnswer({ kind: "answered" }, 5);
  expect(measured.counts).toMatchObject({ answered: 0, bytesReceived: 0 });
  expect(recorder.counts).toMatchObject({ sent: 1, bytesReceived: 5 });
});

test("a late answer to a packet whose slot holds a later one is not that packet's answer", async () => {
  const { client, recorder, clock, connection } = await openClient();
  client.send(clock.time, clock.time); // packet 0, on the connection opened last
  const late = connection(1);
  const busy = connection(0);
  const answerNext = () => {
    client.send(clock.time, clock.time);
    busy.events.onAnswer({ kind: "answered" }, 1);
  };
  clock.time += 150;
  client.tick(clock.time); // packet 0 is lost for now, and waited for until its waiting time has passed
  const slots = 256; // 1 s of packets at 100/s, and a quarter more; this sender catches up with more
  for (let packet = 1; packet < slots; packet++) answerNext();
  expect(recorder.counts).toMatchObject({ sent: slots, answered: slots - 1, lost: 1, discarded: 0 });
  client.send(clock.time, clock.time); // takes the slot of packet 0
  expect(recorder.counts).toMatchObject({ lost: 1, discarded: 1 });
  late.events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ answered: slots - 1, late: 0, duplicate: 0, unknownAnswers: 1 });
  busy.events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ sent: slots + 1, answered: slots, lost: 1, duplicate: 0 });
  expect(recorder.pending).toBe(0);
});

test.each(["failed", "corrupt", "lost", "refused", "dropped"] as const)(
  "nor is an outcome %s of it the outcome of the later one",
  async (kind) => {
    const { client, recorder, clock, connection } = await openClient();
    client.send(clock.time, clock.time);
    clock.time += 150;
    client.tick(clock.time);
    for (let packet = 1; packet <= 256; packet++) {
      client.send(clock.time, clock.time);
      if (packet < 256) connection(0).events.onAnswer({ kind: "answered" }, 1);
    }
    connection(1).events.onClosed({ kind });
    expect(recorder.counts).toMatchObject({ sent: 257, answered: 255, lost: 1, failed: 0, corrupt: 0, refused: 0 });
    expect(recorder.pending).toBe(1);
    connection(0).events.onAnswer({ kind: "answered" }, 1);
    expect(recorder.counts).toMatchObject({ answered: 256, duplicate: 0 });
  },
);

/** A client with one open connection, which has a packet, and others whose opening the test ends. */
async function clientWithSlowHandshakes(connections: number) {
  const { made, ...parts } = await openClient({ connections });
  const { client, clock, state } = parts;
  for (const connection of made.slice(1)) connection.close();
  state.holds = true;
  const send = () => client.send(clock.time, clock.time);
  const attempts = () => made.slice(1).reduce((sum, { attempts }) => sum + attempts - 1, 0);
  expect(send()).toBe(true);
  expect([made[0]?.written.length, attempts()]).toEqual([1, 0]);
  return { ...parts, made, send, attempts };
}

test("a packet waits for the first connection that becomes free, not for the one that is opened for it", async () => {
  const { recorder, clock, connection, made, send, attempts } = await clientWithSlowHandshakes(100);
  for (let packet = 0; packet < 60; packet++) {
    clock.time += 5;
    expect([send(), send()]).toEqual([true, true]);
    connection(0).events.onAnswer({ kind: "answered" }, 1);
    connection(0).events.onAnswer({ kind: "answered" }, 1);
  }
  // Two packets at a time wait, for two openings.
  expect([connection(0).written.length, attempts()]).toEqual([121, 2]);
  expect(recorder.counts).toMatchObject({ sent: 121, answered: 120, failed: 0, lost: 0 });
  const opening = made.find(({ attempts, usable }) => attempts === 2 && !usable);
  opening?.opened.resolve();
  await Bun.sleep(0);
  expect([opening?.usable, opening?.written]).toEqual([true, []]);
});

test("a connection that takes long to open delays one packet, and none of those after it", async () => {
  const { client, recorder, clock, state, connection, made, send } = await clientWithSlowHandshakes(100);
  send(); // for it a second connection is opened, which is held
  state.holds = false;
  clock.time += 10;
  connection(0).events.onAnswer({ kind: "answered" }, 1); // the waiting packet is sent here
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  connection(0).close();
  send(); // waits for the connection that is held
  for (let packet = 0; packet < 5; packet++) {
    clock.time += 10;
    send();
    await Bun.sleep(0);
    const busy = made.find(({ usable }) => usable) ?? expect.unreachable();
    busy.close(); // the target closes after each answer
    busy.events.onAnswer({ kind: "answered" }, 1);
  }
  expect(recorder.counts).toMatchObject({ sent: 8, answered: 7, failed: 0 });
  expect(recorder.response.max).toBeCloseTo(0.01, 6);
  clock.time += 51;
  client.tick(clock.time);
  expect(recorder.counts).toMatchObject({ sent: 8, answered: 7, failed: 1, lost: 0 });
  expect(recorder.pending).toBe(0);
});

test("in a closed loop too the service time of a packet that waited counts from its sending", async () => {
  const { client, recorder, clock, state, connection } = await openClient({ rate: "max", connections: 1 });
  connection(0).close();
  state.holds = true;
  client.send(clock.time, clock.time);
  clock.time += 60;
  connection(0).opened.resolve();
  await Bun.sleep(0);
  clock.time += 60; // less than the timeout after the sending
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ sent: 1, answered: 1, late: 0 });
  expect(recorder.service.max).toBeCloseTo(0.06, 6);
});

test("the response time of a packet that waited counts from its intended time, the service time from its sending", async () => {
  const { recorder, clock, connection, send } = await clientWithSlowHandshakes(2);
  send();
  clock.time += 40;
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  clock.time += 2;
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  expect(recorder.counts).toMatchObject({ sent: 2, answered: 2 });
  expect(recorder.response.max).toBeCloseTo(0.042, 6);
  expect(recorder.service.min).toBeCloseTo(0.002, 6);
});

test.each([{}, { timeConnecting: true }])(
  "a packet that had no connection in time has failed, and is no loss: %o",
  async (usage) => {
    // An opening has several steps, each of which may take the timeout, so that it can end after the waiting time.
    const { client, recorder, clock, state, connection } = await openClient({ connections: 1, wait: 0.12 }, usage);
    connection(0).close();
    state.holds = true;
    client.send(clock.time, clock.time);
    clock.time += 125;
    client.tick(clock.time);
    expect(recorder.counts).toMatchObject({ sent: 1, failed: 1, lost: 0 });
    expect([...recorder.errors.keys()]).toEqual(["ETIMEDOUT"]);
    expect(recorder.pending).toBe(0);
    connection(0).opened.resolve();
    await Bun.sleep(0);
    expect(connection(0).written).toEqual([]);
    expect(client.send(clock.time, clock.time)).toBe(true);
    await Bun.sleep(0);
    expect(connection(0).written).toHaveLength(1);
  },
);

test("a connection that could not be opened takes no packet from one that is open", async () => {
  const { client, recorder, clock, state, connection } = await openClient({ connections: 2 });
  connection(1).close();
  state.refuses = true;
  const send = () => client.send(clock.time, clock.time);
  send();
  send(); // its connection is refused
  await Bun.sleep(0);
  expect(recorder.counts).toMatchObject({ sent: 2, failed: 1 });
  connection(0).events.onAnswer({ kind: "answered" }, 1);
  for (let packet = 0; packet < 3; packet++) {
    send();
    connection(0).events.onAnswer({ kind: "answered" }, 1);
  }
  expect(recorder.counts).toMatchObject({ sent: 5, answered: 4, failed: 1 });
});
