/** A flood of one protocol does not occupy the event loop: control routes are answered meanwhile, and nothing is lost twice. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { FRAME_HEADER_LENGTH, FrameReader, STAMP_PREFACE } from "../../src/stamp/frames.ts";
import { TLS_FORMS, tcpStamp, testFrame, trafficOf } from "../support/clients.ts";
import { startTestLab, TLS_ON, urlOf } from "../support/lab.ts";
import { watchTurns } from "../support/turns.ts";
import { until } from "../support/until.ts";
import { WEBSOCKET_FORMS } from "../support/websocket-forms.ts";

const FLOOD = join(import.meta.dir, "support/flood.ts");
const [, tlsStamp = tcpStamp] = TLS_FORMS;
const [, websocketStamp = tcpStamp] = WEBSOCKET_FORMS;
const ROUTES = ["/healthz", "/metrics", "/impairments", "/live"];
/** Time in which a control route answers during a flood, ms. */
const ANSWER_MS = 100;
/** Most processor time of a turn of the event loop, ms: 10 for packets, the rest for what began before. */
const TURN_CPU_MS = 80;

/**
 * The processor time of this process until the first octets of the response, ms: on a machine without other work it is the
 * time that the client waits, because the flood leaves no time without work.
 */
async function timeOf(url: string): Promise<number> {
  const before = process.cpuUsage();
  const { body } = await fetch(url);
  const reader = body?.getReader();
  await reader?.read();
  const { user, system } = process.cpuUsage(before);
  await reader?.cancel();
  return (user + system) / 1000;
}

test.each(["udp", "tcp"] as const)(
  "control routes answer within 100 ms during a flood over %s",
  async (protocol) => {
    await using lab = await startTestLab();
    const flood = Bun.spawn([process.execPath, FLOOD, protocol, `${lab.ports[protocol]}`]);
    try {
      await until(async () => (await trafficOf(lab, protocol)).packets > 10_000, "the flood");
      const times: number[] = [];
      const turns = watchTurns(300);
      for (let round = 0; round < 3; round++) for (const path of ROUTES) times.push(await timeOf(urlOf(lab, path)));
      const median = times.toSorted((a, b) => a - b)[times.length >> 1];
      expect(median).toBeLessThan(ANSWER_MS); // not the largest: the machine can have other work
      expect((await turns).longestCpuMs).toBeLessThan(TURN_CPU_MS);
    } finally {
      flood.kill();
      await flood.exited;
    }
  },
  20_000,
);

test.each([
  ["tcp", tcpStamp, ANSWER_MS],
  ["tls", tlsStamp, ANSWER_MS],
  ["websocket", websocketStamp, ANSWER_MS],
] as const)(
  "other connections are answered during a flood of packets over %s",
  async (protocol, form, limitMs) => {
    await using lab = await startTestLab(TLS_ON);
    const flood = Bun.spawn([process.execPath, FLOOD, protocol, `${lab.ports[protocol]}`]);
    try {
      await until(async () => (await trafficOf(lab, protocol)).packets > 10_000, "the flood");
      const times: number[] = [];
      await using client = await form.connect(lab);
      for (let n = 0; n < 7; n++) {
        const before = process.cpuUsage();
        await client.send(n);
        await until(() => client.replies.length > n, "an answer");
        const { user, system } = process.cpuUsage(before);
        times.push((user + system) / 1000);
      }
      expect(times.toSorted((a, b) => a - b)[times.length >> 1]).toBeLessThan(limitMs);
    } finally {
      flood.kill();
      await flood.exited;
    }
  },
  20_000,
);

test.each(["tcp", "tls"] as const)(
  "frames before an end of %s whose chunk is interrupted are answered once each, in order",
  async (protocol) => {
    await using lab = await startTestLab(TLS_ON);
    const count = 60_000;
    const frames = Buffer.concat(Array.from({ length: count }, (_, n) => testFrame(n)));
    const sequences: number[] = [];
    const reader = new FrameReader();
    let at = 0;
    const write = (socket: Bun.Socket) => {
      at += Math.max(0, socket.write(frames, at, frames.length - at));
      if (at === frames.length) socket.shutdown();
    };
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: lab.ports[protocol] ?? 0,
      ...(protocol === "tls" && { tls: { rejectUnauthorized: false } }),
      socket: {
        open(socket) {
          socket.write(STAMP_PREFACE);
          write(socket);
        },
        drain: write,
        data: (_, chunk) =>
          void reader.read(chunk, (bytes, at) => sequences.push(bytes.readUInt32BE(at + FRAME_HEADER_LENGTH))),
      },
    });
    await until(() => sequences.length >= count, "all answers", 10_000);
    expect(sequences).toEqual(Array.from({ length: count }, (_, n) => n));
    const { packets, answered } = await trafficOf(lab, protocol);
    expect([packets, answered]).toEqual([count, count]);
    socket.end();
  },
  20_000,
);
