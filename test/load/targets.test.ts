/** Targets that misbehave, and names. */
import { describe, expect, test } from "bun:test";
import { startLab } from "../../src/lab.ts";
import { resolveTarget } from "../../src/load/plan/target.ts";
import { runLoad } from "../../src/load/run.ts";
import { writeAnswer } from "../../src/stamp/packet.ts";
import { balanced } from "./support/sums.ts";
import { udpTarget } from "./support/targets.ts";

const common = { protocol: "udp", control: false, rate: 1000, count: 200, timeout: 0.3, seed: 7 } as const;

test("an answer from the wrong address is none", async () => {
  const other = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { error() {} } });
  const target = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(from, data, port, address) {
        const answer = Buffer.from(data);
        writeAnswer(answer, { sequence: 0, receivedAt: 0, sentAt: 0 });
        (data.readUInt32BE(0) % 2 === 0 ? from : other).send(answer, port, address);
      },
      error() {},
    },
  });
  const { packets } = balanced(await runLoad({ ...common, target: `127.0.0.1:${target.port}` }).report);
  target.close();
  other.close();
  // Moments of 1970 in the answers are no sane reflector's either, but what matters here is that half are missing.
  expect(packets.lost).toBe(100);
  expect(packets.answered + packets.corrupt).toBe(100);
});

test("a target that stops half way: what was measured is reported, the rest is lost", async () => {
  const target = await udpTarget("stateful");
  const run = runLoad({ ...common, count: 600, interval: 0.05, target: `127.0.0.1:${target.port}` });
  let stopped = false;
  for await (const snapshot of run) {
    if (stopped || snapshot.answered < 100) continue;
    stopped = true;
    await target[Symbol.asyncDispose]();
  }
  const report = balanced(await run.report);
  expect(report.packets.sent).toBe(600);
  expect(report.packets.answered).toBeGreaterThanOrEqual(100);
  expect(report.packets.lost).toBeGreaterThan(100);
  expect(report.errors.ECONNREFUSED).toBeGreaterThan(0);
});

test("a STAMP port, where every datagram is a test packet", async () => {
  await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, stampPort: 0 });
  const { packets, evidence } = balanced(
    await runLoad({
      ...common,
      target: `127.0.0.1:${lab.ports.stamp}`,
      control: `127.0.0.1:${lab.ports.http}`,
      size: 44,
    }).report,
  );
  expect(packets).toMatchObject({ sent: 200, answered: 200 });
  expect(evidence.kind).toBe("lab");
});

test("IPv6, by address and by name", async () => {
  await using lab = await startLab({ host: "::1", httpPort: 0, tcpPort: 0, udpPort: 0 });
  for (const protocol of ["udp", "tcp", "http"] as const) {
    for (const [host, options] of [
      ["[::1]", {}],
      ["localhost", { family: 6 }],
    ] as const) {
      const target = `${host}:${lab.ports[protocol]}`;
      const report = balanced(
        await runLoad({ ...common, ...options, protocol, count: 50, target, control: `[::1]:${lab.ports.http}` })
          .report,
      );
      expect(report.packets).toMatchObject({ sent: 50, answered: 50 });
      expect(report.address).toBe("::1");
    }
  }
});

describe("names", () => {
  test("resolve once, to IPv4 where there is one, or to what was asked for", async () => {
    expect(await resolveTarget({ hostname: "localhost", port: 1 }, 0)).toMatchObject({
      address: "127.0.0.1",
      sameHost: true,
    });
    expect(await resolveTarget({ hostname: "localhost", port: 1 }, 6)).toMatchObject({
      address: "::1",
      sameHost: true,
    });
    expect(await resolveTarget({ hostname: "192.0.2.1", port: 1 }, 0)).toMatchObject({
      address: "192.0.2.1",
      sameHost: false,
    });
    expect(resolveTarget({ hostname: "no.such.name.invalid", port: 1 }, 4)).rejects.toThrow(
      "no.such.name.invalid does not resolve to an IPv4 address",
    );
  });
});
