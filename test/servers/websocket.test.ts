/** The WebSocket endpoint: messages, faults and the end of connections. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Faults } from "../../src/faults/faults.ts";
import type { Lab } from "../../src/lab.ts";
import { testPacket, trafficOf } from "../support/clients.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { rejected, scrape } from "../support/scrape.ts";
import { readReflectorPacket } from "../support/stamp.ts";
import { until } from "../support/until.ts";
import {
  BINARY,
  closeCodeIn,
  frameOf,
  openWebSocket,
  PONG,
  TEXT,
  type WebSocketPeer,
} from "../support/websocket-frames.ts";

setDefaultTimeout(20_000);

const CLIENT = new URL("../support/websocket_client.py", import.meta.url).pathname;
const isForeign = Bun.spawnSync(["python3", "-c", "import websockets"]).exitCode === 0;
if (!isForeign) console.warn("SKIPPED: python3 with `websockets`, a foreign WebSocket client");

const hello = (n: number) => frameOf(TEXT, `Hello WS ${n}`);
const stamp = (n: number, length?: number) => frameOf(BINARY, testPacket(n, 7, length));
const withFaults = (websocket: Faults) => startTestLab({ impair: { websocket } });
const openTo = (lab: Lab) => openWebSocket(lab.ports.http);

/** The sequence numbers of the packets that the answers are to. */
const answeredIn = ({ frames }: WebSocketPeer) =>
  frames.flatMap(({ code, payload }) => (code === BINARY ? [readReflectorPacket(payload)?.senderSequence] : []));

async function untilFrames(peer: WebSocketPeer, count: number): Promise<void> {
  await until(() => peer.frames.length >= count, `${count} frames`);
}

describe("a message", () => {
  test("of text, and a binary one that is no STAMP packet, gets ACK-WS", async () => {
    await using lab = await startTestLab();
    using peer = await openTo(lab);
    peer.write(hello(7), frameOf(BINARY, Buffer.alloc(100, 0xff)), frameOf(TEXT));
    await untilFrames(peer, 3);
    expect(peer.frames.map(({ code, payload }) => [code, payload.toString()])).toEqual(Array(3).fill([TEXT, "ACK-WS"]));
    const { packets, answered, receivedBytes, sentBytes } = await trafficOf(lab, "websocket");
    expect([packets, answered, receivedBytes, sentBytes]).toEqual([3, 3, 110, 18]);
  });

  test("with a STAMP packet gets its reflector packet of the same length, counted in a session", async () => {
    await using lab = await startTestLab();
    using peer = await openTo(lab);
    peer.write(stamp(0), stamp(1, 400), stamp(1, 400), stamp(2, 65_536));
    await untilFrames(peer, 4);
    const answers = peer.frames.map(({ payload }) => readReflectorPacket(payload));
    expect(answers.map((answer) => answer?.senderSequence)).toEqual([0, 1, 1, 2]);
    expect(answers.map((answer) => answer?.reflectorSequence)).toEqual([0, 1, 2, 3]);
    expect(peer.frames.map(({ payload }) => payload.length)).toEqual([44, 400, 400, 65_536]);
    const { sessions, listeners } = await (await fetch(urlOf(lab, "/sessions/7"))).json();
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({
      protocol: "websocket",
      local: { address: "127.0.0.1", port: lab.ports.http },
      received: { unique: 3, duplicate: 1 },
      answered: 3,
    });
    expect(listeners).toContainEqual({
      protocol: "websocket",
      address: "127.0.0.1",
      port: lab.ports.http,
      receiveBufferDrops: null,
    });
  });

  test("in several frames is one packet", async () => {
    await using lab = await startTestLab();
    using peer = await openTo(lab);
    const packet = testPacket(5);
    peer.write(frameOf(BINARY, packet.subarray(0, 10), { fin: false }), frameOf(9, "ping"));
    peer.write(frameOf(0, packet.subarray(10)));
    await untilFrames(peer, 2);
    expect(peer.frames.map(({ code }) => code)).toEqual([PONG, BINARY]);
    expect(answeredIn(peer)).toEqual([5]);
    expect((await trafficOf(lab, "websocket")).packets).toBe(1);
  });

  test("is a packet of the same set of counters over wss", async () => {
    await using lab = await startTestLab({
      tls: "on",
      httpsPort: 0,
      http2Port: "off",
      http3Port: "off",
      tlsPort: "off",
    });
    using plain = await openTo(lab);
    using secure = await openWebSocket(lab.ports.https ?? 0, true);
    for (const peer of [plain, secure]) {
      peer.write(hello(1), stamp(1));
      await untilFrames(peer, 2);
    }
    const series = await scrape(lab);
    expect(series.get("packets_total", { protocol: "websocket" })).toBe(4);
    expect(series.get("wirelab_open_connections", { protocol: "websocket" })).toBe(2);
    expect(series.get("wirelab_connections_total", { protocol: "websocket" })).toBe(2);
    expect(series.get("packets_total", { protocol: "https" })).toBe(0);
    const { sessions } = await (await fetch(urlOf(lab, "/sessions/7"))).json();
    const ports = sessions.map(({ local }: { local: { port: number } }) => local.port);
    expect(ports).toEqual([lab.ports.http, lab.ports.https]);
  });

  test.if(isForeign)("of Python's `websockets`, from a page of another origin, is answered", async () => {
    await using lab = await startTestLab();
    const url = `ws://127.0.0.1:${lab.ports.http}/ws`;
    const child = Bun.spawn(["python3", CLIENT, url, testPacket(3).toString("hex")], { stdout: "pipe" });
    const [ack, answer = "", pong] = (await new Response(child.stdout).text()).split("\n");
    expect([ack, pong]).toEqual(["ACK-WS", "pong"]);
    expect(readReflectorPacket(Buffer.from(answer, "hex"))?.senderSequence).toBe(3);
  });
});

describe("a request for /ws", () => {
  test("without an upgrade gets 426 and one line, and is no packet", async () => {
    await using lab = await startTestLab();
    const response = await fetch(urlOf(lab, "/ws"));
    expect([response.status, response.headers.get("upgrade")]).toEqual([426, "websocket"]);
    expect(await response.json()).toEqual({
      error: "/ws is for WebSocket connections: request an upgrade to websocket over HTTP/1.1",
    });
    const post = await fetch(urlOf(lab, "/ws"), { method: "POST" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    for (const protocol of ["http", "websocket"] as const) expect((await trafficOf(lab, protocol)).packets).toBe(0);
  });

  test("above the limit of the connections gets 503, and a closed one is replaced", async () => {
    await using lab = await startTestLab({ limits: { websocketConnections: 1 } });
    const first = await openTo(lab);
    await expect(openTo(lab)).rejects.toThrow("503");
    const series = await scrape(lab);
    expect(series.get("wirelab_rejected_total", { protocol: "websocket", reason: "connection-limit" })).toBe(1);
    expect(series.get("wirelab_bounded_overflows_total", { structure: "websocket-connections" })).toBe(1);
    first.reset();
    await until(
      async () => (await scrape(lab)).get("wirelab_open_connections", { protocol: "websocket" }) === 0,
      "the end of the first",
    );
    using next = await openTo(lab);
    next.write(hello(1));
    await untilFrames(next, 1);
  });
});

describe("a fault", () => {
  test.each([
    ["up", { drop: { up: 1, down: 0 } }, 1001],
    ["down", { drop: { up: 0, down: 1 } }, 1011],
  ] as const)(
    "`drop` %s closes after a message of text, and is a missing answer to a STAMP packet",
    async (_, faults, code) => {
      await using lab = await withFaults(faults);
      using peer = await openTo(lab);
      peer.write(stamp(1), stamp(2));
      await until(async () => (await trafficOf(lab, "websocket")).dropped === 2, "two drops");
      expect([peer.frames.length, peer.ended]).toEqual([0, false]);
      peer.write(hello(3), hello(4));
      await until(() => peer.ended, "the end");
      expect([peer.frames.length, closeCodeIn(peer.frames)]).toEqual([1, code]);
      expect((await trafficOf(lab, "websocket")).packets).toBe(3);
    },
  );

  test.each([
    ["up", { close: { up: 1, down: 0 } }, 1001],
    ["down", { close: { up: 0, down: 1 } }, 1011],
  ] as const)("`close` %s ends the connection with a close frame", async (way, faults, code) => {
    await using lab = await withFaults(faults);
    for (const message of [stamp(1), hello(1)]) {
      using peer = await openTo(lab);
      peer.write(message);
      await until(() => peer.ended, "the end");
      expect([peer.frames.length, closeCodeIn(peer.frames)]).toEqual([1, code]);
    }
    const { packets, drops, injected } = await trafficOf(lab, "websocket");
    expect([packets, drops(`fault-${way}`), injected("close", way)]).toEqual([2, 2, 2]);
  });

  test("`reset` ends the connection without a close frame", async () => {
    await using lab = await withFaults({ reset: 1 });
    using peer = await openTo(lab);
    peer.write(stamp(1));
    await until(() => peer.ended, "the end");
    expect(peer.frames).toEqual([]);
    const { drops, injected } = await trafficOf(lab, "websocket");
    expect([drops("fault-reset"), injected("reset", "down")]).toEqual([1, 1]);
  });

  test("`duplicate` sends each answer twice", async () => {
    await using lab = await withFaults({ duplicate: 1 });
    using peer = await openTo(lab);
    peer.write(stamp(1), hello(2));
    await untilFrames(peer, 4);
    expect(peer.frames.map(({ code }) => code)).toEqual([BINARY, BINARY, TEXT, TEXT]);
    expect(peer.frames[0]?.payload).toEqual(peer.frames[1]?.payload ?? Buffer.of());
    const { packets, answered, sentBytes, injected } = await trafficOf(lab, "websocket");
    expect([packets, answered, sentBytes, injected("duplicate", "down")]).toEqual([2, 2, 2 * (44 + 6), 2]);
  });

  test("`delay` keeps the order, and a close waits for the answers before it", async () => {
    await using lab = await withFaults({ delay: { kind: "uniform", minMs: 0, maxMs: 40 } });
    using peer = await openTo(lab);
    peer.write(...Array.from({ length: 50 }, (_, n) => stamp(n)));
    await untilFrames(peer, 50);
    expect(answeredIn(peer)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });
});

describe("a connection", () => {
  test("without a message is closed after the idle limit; an incomplete message does not count, a ping does", async () => {
    await using lab = await startTestLab({ limits: { tcpIdleSeconds: 1.5 } });
    using silent = await openTo(lab);
    using trickling = await openTo(lab);
    trickling.write(frameOf(TEXT, "x", { fin: false }));
    using pinging = await openTo(lab);
    await until(
      () => {
        trickling.write(frameOf(0, "x", { fin: false }));
        pinging.write(frameOf(9));
        return silent.ended && trickling.ended;
      },
      "the end of both",
      10_000,
    );
    expect(closeCodeIn(silent.frames)).toBe(1001);
    expect([await rejected(lab, "websocket", "idle"), pinging.ended]).toEqual([2, false]);
  });

  test("gets a close frame when the lab stops", async () => {
    const lab = await startTestLab();
    using peer = await openTo(lab);
    peer.write(hello(1));
    await untilFrames(peer, 1);
    await lab.stop();
    await until(() => peer.ended, "the end");
    expect(closeCodeIn(peer.frames)).toBe(1001);
  });

  test("whose messages are all dropped is not taken for a slow request", async () => {
    await using lab = await startTestLab({
      impair: { websocket: { drop: { up: 1, down: 0 } } },
      limits: { httpRequestMs: 500, httpBodyMs: 400 },
    });
    using peer = await openTo(lab);
    const startedAt = performance.now();
    await until(
      () => {
        peer.write(stamp(1));
        return peer.ended || performance.now() - startedAt > 3500;
      },
      "three searches for slow requests",
      10_000,
    );
    expect([peer.ended, await rejected(lab, "http", "too-slow")]).toEqual([false, 0]);
  });
});
