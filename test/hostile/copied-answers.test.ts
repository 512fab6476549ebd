/** Plain UDP: answers have no numbers, and a copy of one must not count as the answer to a later packet. */
import { expect, test } from "bun:test";
import { parseFaults } from "../../src/faults/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";

const WAITING = { timeout: 0.5, wait: 1 };

test("at the highest rate, with every answer copied, the losses are those that the lab made", async () => {
  await using lab = await startTestLab({ impair: { udp: parseFaults("udp", "drop=0.3,duplicate=1") } });
  const target = `127.0.0.1:${lab.ports.udp}`;
  const plain = { protocol: "udp", target, control: false, mode: "plain", rate: "max", ...WAITING } as const;
  const { packets, verdict } = await runLoad({ ...plain, connections: 512, duration: 1 }).report;
  const dropped = (await scrape(lab)).get("dropped_packets_total", { protocol: "udp" });
  expect(dropped).toBeGreaterThan(100);
  // A packet that this busy machine answered after its waiting time is lost too, and its answer answers no other packet.
  expect(packets.lost).toBeGreaterThanOrEqual(dropped);
  expect(packets.answered + packets.late).toBeLessThanOrEqual(packets.sent - dropped);
  expect(packets.lost - dropped).toBeLessThan(packets.sent * 0.02);
  expect(packets.duplicate).toBeGreaterThan(packets.answered * 0.9);
  expect(verdict.reasons.join()).not.toContain("copies of answers");
});

/** A target that answers no packet whose number is a multiple of `lost`, and copies each answer after `copyMs`. */
async function startCopying(copyMs: number, lost: number) {
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(from, data, port, address) {
        if (Number(/(\d+)\.*$/.exec(data.toString())?.[1]) % lost === 0) return;
        from.send("ACK-UDP", port, address);
        setTimeout(() => !from.closed && from.send("ACK-UDP", port, address), copyMs);
      },
      error() {},
    },
  });
  return { port: socket.port, [Symbol.dispose]: () => socket.close() };
}

test("at a rate for which there are sockets enough, a copy within the waiting time answers no packet", async () => {
  using target = await startCopying(100, 4);
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, control: false, mode: "plain" } as const;
  const { packets, verdict } = await runLoad({ ...options, rate: 400, count: 400, ...WAITING }).report;
  expect(packets).toMatchObject({ sent: 400, lost: 100 });
  expect(packets.duplicate).toBeGreaterThan(200);
  expect(verdict.reasons.join()).not.toContain("copies of answers");
});

test("if copies arrive so late that they can answer another packet, the run is not valid", async () => {
  using target = await startCopying(300, 1000);
  const options = { protocol: "udp", target: `127.0.0.1:${target.port}`, control: false, mode: "plain" } as const;
  const { verdict } = await runLoad({ ...options, rate: "max", connections: 32, duration: 1, ...WAITING }).report;
  expect(verdict.valid).toBe(false);
  expect(verdict.reasons.join()).toContain("copies of answers arrived up to ");
});
