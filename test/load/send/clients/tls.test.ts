import { expect, test } from "bun:test";
import type { LoadOptions } from "../../../../src/load/plan/options.ts";
import { runLoad } from "../../../../src/load/run.ts";
import { CUT_OFF } from "../../../../src/load/send/stamp/stream-client.ts";
import { STAMP_PREFACE } from "../../../../src/stamp/frames.ts";
import { ca, valid } from "../../support/certificates.ts";
import { inPieces, startRelay } from "../../support/relay.ts";
import { balanced } from "../../support/sums.ts";
import { tcpTarget } from "../../support/targets.ts";

/** Options of all runs: short, fast, and without a lab to query. */
const common = { protocol: "tls", control: false, rate: 2000, count: 300, timeout: 1, wait: 1, seed: 7, ca } as const;

async function runOn(port: number | undefined, options: Partial<LoadOptions> = {}) {
  return balanced(await runLoad({ ...common, target: `127.0.0.1:${port}`, ...options }).report);
}

test.each(["stamp", "echo"] as const)("a %s server answers every frame, on each connection", async (answering) => {
  await using target = tcpTarget(answering, valid);
  const report = await runOn(target.port, { connections: 3 });
  expect(report.packets).toMatchObject({ sent: 300, answered: 300, lost: 0, corrupt: 0 });
  expect(report.serverTime.count).toBe(answering === "stamp" ? 300 : 0);
  expect(target.accepted.count).toBe(3);
});

test("plain text: a connection that is closed instead of an answer is a loss, and the next packet opens another one", async () => {
  await using target = tcpTarget("closes", valid);
  const report = await runOn(target.port, { mode: "plain", connections: 1, count: 60 });
  expect(report.packets).toMatchObject({ sent: 60, answered: 40, lost: 20, unexplained: 20, failed: 0 });
  expect(report.errors).toEqual({ closed: 20 });
});

test("frames of several records and records in pieces of any size are put together", async () => {
  await using target = tcpTarget("stamp", valid);
  using relay = startRelay(target.port, inPieces(1000));
  const large = await runOn(relay.port, { size: 40_000, count: 40, rate: 200 });
  expect(large.packets).toMatchObject({ sent: 40, answered: 40, corrupt: 0 });
  using slow = startRelay(target.port, inPieces(7));
  expect((await runOn(slow.port, { count: 40 })).packets).toMatchObject({ sent: 40, answered: 40, corrupt: 0 });
});

test("a server that closes within a frame: its packet and those after it are cut off", async () => {
  let frames = 0;
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls: valid,
    socket: {
      data(socket, data) {
        if (data.includes(STAMP_PREFACE)) return;
        socket.write(data.subarray(0, 20)); // of an echo
        if (frames++ % 2 === 1) socket.end();
      },
      error() {},
    },
  });
  const { packets, errors } = await runOn(server.port, { count: 40, rate: 200 });
  server.stop(true);
  expect(packets).toMatchObject({ sent: 40, answered: 0, lost: 40 });
  expect(errors.closed).toBeGreaterThan(2);
  expect(errors[CUT_OFF]).toBeGreaterThan(2);
});

/** Behind the handshake and more than half of the 100 answers, each a record of about 90 octets. */
const CHANGED_OCTET = 6500;

test("a record that was changed on the way ends the connection, and the next one carries the rest", async () => {
  await using target = tcpTarget("stamp", valid);
  let passed = 0;
  using relay = startRelay(target.port, (chunk) => {
    const copy = Buffer.from(chunk);
    const at = CHANGED_OCTET - passed;
    passed += chunk.length;
    if (at >= 0 && at < copy.length) copy[at] = (copy[at] ?? 0) ^ 1;
    return [copy];
  });
  const { packets, errors } = await runOn(relay.port, { count: 100, rate: 500 });
  expect(packets.answered).toBeGreaterThan(50);
  expect(packets.answered + packets.lost).toBe(100);
  expect(packets.corrupt).toBe(0);
  expect(errors[CUT_OFF] ?? 0).toBe(packets.lost);
  expect(Object.keys(errors).length).toBeGreaterThan(0);
});

test("10,000 packets at a high rate, on several connections and in both modes of sending", async () => {
  await using target = tcpTarget("stamp", valid);
  const open = await runOn(target.port, { rate: 20_000, count: 10_000, connections: 4, timeout: 5, wait: 5 });
  expect(open.packets).toMatchObject({ sent: 10_000, answered: 10_000, lost: 0 });
  const closed = await runOn(target.port, { rate: "max", count: 10_000, connections: 4, timeout: 5, wait: 5 });
  expect(closed.packets).toMatchObject({ sent: 10_000, answered: 10_000, lost: 0 });
});
