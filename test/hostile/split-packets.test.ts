/** Plain TCP: a lab answers each chunk that it reads, and can read a packet in several. */
import { expect, test } from "bun:test";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";

/** Forwards connections to `port`; each chunk of a client in two parts, each of them when the one before is answered. */
function startSplitter(port: number) {
  const listener = Bun.listen<{ lab: Promise<Bun.Socket>; readonly parts: Buffer[]; isAwaited: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(client) {
        const lab = Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: {
            data(lab, answer) {
              const part = client.data.parts.shift();
              client.data.isAwaited = part !== undefined;
              if (part !== undefined) lab.write(part);
              client.write(answer);
            },
            error() {},
          },
        });
        client.data = { lab, parts: [], isAwaited: false };
      },
      async data(client, data) {
        const packet = Buffer.from(data);
        const lab = await client.data.lab;
        client.data.parts.push(packet.subarray(0, 5), packet.subarray(5));
        if (client.data.isAwaited) return;
        client.data.isAwaited = true;
        lab.write(client.data.parts.shift() ?? "");
      },
      async close(client) {
        (await client.data.lab).end();
      },
      error() {},
    },
  });
  return { port: listener.port, [Symbol.dispose]: () => listener.stop(true) };
}

test.each([
  ["in an open loop", { rate: 50, count: 30 }],
  ["at the highest rate, where each answer counts for the next packet", { rate: "max", count: 30, connections: 1 }],
] as const)("a run is not valid if its packets were read in two chunks: %s", async (_, options) => {
  await using lab = await startTestLab();
  using splitter = startSplitter(lab.ports.tcp);
  const run = { ...options, protocol: "tcp", mode: "plain", control: false, timeout: 0.5, wait: 1 } as const;
  const { packets, verdict } = await runLoad({ ...run, target: `127.0.0.1:${splitter.port}` }).report;
  expect(packets).toMatchObject({ sent: 30, answered: 30, lost: 0 });
  expect((await scrape(lab)).get("packets_total", { protocol: "tcp" })).toBeGreaterThan(30);
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons.join()).toContain("parts of answers arrived after the answer to their packet");
});

test("a run whose packets are read in one chunk each has no surplus answers", async () => {
  await using lab = await startTestLab();
  const target = `127.0.0.1:${lab.ports.tcp}`;
  const run = { protocol: "tcp", mode: "plain", control: false, rate: "max", count: 2000, target } as const;
  const { packets, verdict } = await runLoad(run).report;
  expect(packets).toMatchObject({ sent: 2000, answered: 2000, lost: 0 });
  expect(verdict.reasons.join()).not.toContain("parts of answers");
});
