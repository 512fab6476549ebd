/** The behaviour that all protocols have in common, on real sockets: answers, faults and counts (docs/CONTRACT.md). */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { isSecure, REGISTRY } from "../src/base/protocol.ts";
import { chance, cleanFate, decide } from "../src/faults/decide.ts";
import type { Faults } from "../src/faults/faults.ts";
import { byDirection } from "../src/faults/packet-faults.ts";
import type { LabOptions } from "../src/lab.ts";
import { sequenceOf } from "../src/stamp/packet.ts";
import {
  exchange,
  FORMS,
  type Form,
  REQUEST_FORMS,
  setFaults,
  settled,
  TLS_FORMS,
  trafficOf,
} from "./support/clients.ts";
import { servingOnly, startTestLab } from "./support/lab.ts";
import { readReflectorPacket } from "./support/stamp.ts";
import { until } from "./support/until.ts";
import { WEBSOCKET_FORMS } from "./support/websocket-forms.ts";

setDefaultTimeout(20_000);

/** The options of a lab that serves the protocol of the client. */
function serving({ protocol }: Form): LabOptions {
  return isSecure(protocol) ? servingOnly(protocol) : {};
}

function impair(form: Form, faults: Faults) {
  return { ...serving(form), impair: { [form.protocol]: faults } };
}

/** The numbers of those of the first `count` packets that get an answer, as `decide` computes them. */
function answeredByFate(form: Form, faults: Faults, count: number, seed: number): number[] {
  const chances = chance(seed, form.protocol);
  return Array.from({ length: count }, (_, n) => n).filter(() => {
    const { up, down } = decide(byDirection(faults), chances, cleanFate());
    return !up.lostBy && !down.lostBy;
  });
}

/** The clients whose connection a drop closes. */
const CLOSING_FORMS = ["TCP, plain", "TLS, plain", "WebSocket, text"];

const inOrder = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

const ALL_FORMS = [...FORMS, ...REQUEST_FORMS, ...TLS_FORMS, ...WEBSOCKET_FORMS].map(
  (form) => [form.name, form] as const,
);

// The tests mostly wait for labs, so they are concurrent.
describe.each(ALL_FORMS)("%s", (_, form) => {
  const { protocol } = form;

  test.concurrent("answers each packet and counts packets, octets and response times", async () => {
    await using lab = await startTestLab(serving(form));
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 20);
    expect(client.replies.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    for (const { body } of client.replies) expect(body.length).toBe(form.replyBytes);
    expect([traffic.packets, traffic.answered, traffic.dropped]).toEqual([20, 20, 0]);
    expect([traffic.receivedBytes, traffic.sentBytes]).toEqual([20 * form.sentBytes, 20 * form.replyBytes]);
    expect(traffic.seconds).toBeGreaterThan(0);
    expect(traffic.seconds).toBeLessThan(1);
    for (const other of (["http", "tcp", "udp"] as const).filter((other) => other !== protocol)) {
      expect((await trafficOf(lab, other)).packets).toBe(0);
    }
  });

  test.concurrent.each([
    ["up", { drop: { up: 1, down: 0 } }],
    ["down", { drop: { up: 0, down: 1 } }],
  ] as const)("drops packets in the direction %s, and shows it as the protocol does", async (way, faults) => {
    await using lab = await startTestLab(impair(form, faults));
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 10);
    expect(client.replies).toEqual([]);
    expect([traffic.packets, traffic.answered, traffic.dropped]).toEqual([10, 0, 10]);
    expect([traffic.drops(`fault-${way}`), traffic.injected("drop", way)]).toEqual([10, 10]);
    expect(traffic.sentBytes).toBe(0);
    if (REGISTRY[protocol].requests) expect([...client.endings.values()]).toEqual(Array(10).fill(`dropped-${way}`));
    if (CLOSING_FORMS.includes(form.name)) expect([...client.endings.values()]).toEqual(Array(10).fill("closed"));
  });

  test.concurrent("loses the packets that the seed determines, and the same packets again with the same seed", async () => {
    const faults: Faults = { drop: { up: 0.3, down: 0.2 }, burst: { up: { goodToBad: 0.1, badToGood: 0.5 } } };
    const run = async (seed: number) => {
      await using lab = await startTestLab({ ...impair(form, faults), seed });
      await using client = await form.connect(lab);
      const traffic = await exchange(lab, form, client, 40);
      expect(traffic.packets).toBe(traffic.answered + traffic.dropped);
      expect(traffic.dropped).toBe(traffic.drops("fault-up") + traffic.drops("fault-down"));
      return inOrder(client.replies.map(({ n }) => n));
    };
    const first = await run(11);
    expect(first).toEqual(answeredByFate(form, faults, 40, 11));
    expect(await run(11)).toEqual(first);
    expect(await run(12)).not.toEqual(first);
  });

  test.concurrent("delays packets on the way up: they count as received after the delay, which no response time includes", async () => {
    await using lab = await startTestLab(impair(form, { delay: { up: { kind: "fixed", ms: 300 } } }));
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 4);
    expect(inOrder(client.replies.map(({ n }) => n))).toEqual([0, 1, 2, 3]);
    for (const { afterMs, body } of client.replies) {
      expect(afterMs).toBeGreaterThanOrEqual(300);
      const times = readReflectorPacket(body);
      if (times) expect(times.receivedAt - times.senderSentAt).toBeGreaterThanOrEqual(299);
    }
    expect(traffic.within(0.25)).toBe(4);
    expect([traffic.answered, traffic.injected("delay", "up"), traffic.injected("delay", "down")]).toEqual([4, 4, 0]);
  });

  test.concurrent("answers delayed packets after the faults change", async () => {
    await using lab = await startTestLab(impair(form, { delay: { kind: "fixed", ms: 400 } }));
    await using client = await form.connect(lab);
    const first = Array.from({ length: 10 }, (_, n) => client.send(n));
    await until(async () => (await trafficOf(lab, protocol)).packets === 10, "ten packets received");
    await setFaults(lab, protocol, { drop: { up: 1, down: 0 } });
    for (let n = 10; n < 15; n++) await client.send(n);
    await Promise.all(first);
    const traffic = await settled(lab, form, client, 15);
    expect(inOrder(client.replies.map(({ n }) => n))).toEqual(Array.from({ length: 10 }, (_, n) => n));
    expect([traffic.answered, traffic.dropped, traffic.drops("fault-up")]).toEqual([10, 5, 5]);
  });

  test.concurrent("drops packets above the limit of the delay queue and counts them as queue-full", async () => {
    await using lab = await startTestLab({
      ...impair(form, { delay: { kind: "fixed", ms: 1000 } }), // longer than a busy machine takes to send twelve packets
      limits: { delayQueue: 4 },
    });
    await using client = await form.connect(lab);
    await Promise.all(Array.from({ length: 12 }, (_, n) => client.send(n)));
    const traffic = await settled(lab, form, client, 12);
    expect([traffic.answered, traffic.dropped, traffic.drops("queue-full")]).toEqual([4, 8, 8]);
    expect(client.replies).toHaveLength(4);
    if (REGISTRY[protocol].requests)
      expect([...client.endings.values()].filter((ending) => ending === "queue-full")).toHaveLength(8);
  });

  test.concurrent("answers over IPv4 and IPv6 on one port", async () => {
    await using lab = await startTestLab({ ...serving(form), host: "::" });
    for (const host of ["127.0.0.1", "::1"]) {
      await using client = await form.connect(lab, host);
      for (let n = 0; n < 3; n++) await client.send(n);
      await until(() => client.replies.length === 3, `three answers over ${host}`);
    }
    expect((await trafficOf(lab, protocol)).answered).toBe(6);
  });

  if (form.replyBytes === 44) {
    test.concurrent("counts answers in the reflector's sequence number, including those dropped downstream", async () => {
      for (const faults of [{ drop: { up: 0, down: 0.4 } }, { drop: { up: 0.4, down: 0 } }]) {
        await using lab = await startTestLab(impair(form, faults));
        await using client = await form.connect(lab);
        await exchange(lab, form, client, 20);
        const answered = client.replies.map(({ n }) => n);
        expect(answered).toEqual(answeredByFate(form, faults, 20, 1));
        const expected = faults.drop.up > 0 ? answered.map((_, i) => i) : answered;
        expect(client.replies.map(({ body }) => sequenceOf(body))).toEqual(expected);
        for (const { body } of client.replies) expect(readReflectorPacket(body)?.ssid).toBe(7);
      }
    });
  }
});

describe.each(ALL_FORMS)("%s, one after the other, because other work changes the times", (_, form) => {
  test("delays answers and includes the delay in the response time", async () => {
    await using lab = await startTestLab(impair(form, { delay: { kind: "fixed", ms: 30 } }));
    await using client = await form.connect(lab);
    const traffic = await exchange(lab, form, client, 4);
    for (const { afterMs } of client.replies) expect(afterMs).toBeGreaterThanOrEqual(30);
    expect(traffic.seconds).toBeGreaterThanOrEqual(4 * 0.03);
    expect([traffic.within(0.025), traffic.answered, traffic.injected("delay", "down")]).toEqual([0, 4, 4]);
  });

  test("delays answers by less than a millisecond, without rounding up to the resolution of a timer", async () => {
    await using lab = await startTestLab(impair(form, { delay: { kind: "fixed", ms: 0.3 } }));
    await using client = await form.connect(lab);
    for (let n = 0; n < 30; n++) {
      await client.send(n);
      await until(() => client.replies.length === n + 1, `answer ${n}`);
    }
    const traffic = await trafficOf(lab, form.protocol);
    expect(traffic.within(0.00025)).toBe(0);
    // A timer takes at least 1.1 ms. On a busy machine some answers are later than 1 ms, but not all.
    expect(traffic.within(0.001)).toBeGreaterThan(3);
  });
});
