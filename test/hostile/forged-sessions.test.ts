/** A flood of sessions from many sources, as forged datagrams make them, while a run is measured. */
import { expect, test } from "bun:test";
import { parseFaults } from "../../src/faults/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { testPacket } from "../support/clients.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const SESSIONS = 64;

/** Sends packets of new sessions, each source in a network of its own, until it is disposed of. */
async function startFlood(port: number) {
  const sockets: Bun.udp.Socket<"buffer">[] = [];
  for (let i = 0; i < 100; i++) {
    sockets.push(await Bun.udpSocket({ hostname: `127.1.${i}.1`, socket: { data() {}, error() {} } }));
  }
  const packet = testPacket(0, 0); // no run has the id 0
  const timer = setInterval(() => {
    for (const socket of sockets) socket.send(packet, port, "127.0.0.1");
  }, 10);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const socket of sockets) socket.close();
    },
  };
}

test("a run keeps its session and its directions while thousands of other sessions begin", async () => {
  const faults = { udp: parseFaults("udp", "drop=0.1/0.2") };
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: faults });
  const target = `127.0.0.1:${lab.ports.udp}`;
  const options = {
    protocol: "udp",
    target,
    control: urlOf(lab),
    rate: 300,
    duration: 2,
    timeout: 0.5,
    wait: 1,
  } as const;
  const run = runLoad(options);
  await until(() => run.measured.recorder().counts.sent >= 30, "the first packets");
  using _flood = await startFlood(lab.ports.udp);
  const { packets, evidence } = await run.report;
  const evictions = (await scrape(lab)).get("wirelab_bounded_overflows_total", { structure: "sessions" });
  expect(evictions).toBeGreaterThan(SESSIONS * 10);
  expect([evidence.kind, packets.unexplained, evidence.text]).toEqual(["lab", 0, expect.any(String)]);
  expect([packets.lostUp, packets.lostDown]).toEqual([packets.droppedUp, packets.droppedDown]);
  expect(packets.droppedUp).toBeGreaterThan(20);
});

test("if the table cannot hold the run's own sessions, the report says so with the size of the table", async () => {
  const faults = { udp: parseFaults("udp", "drop=0.2") };
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: faults });
  const target = `127.0.0.1:${lab.ports.udp}`;
  const options = { protocol: "udp", target, control: urlOf(lab), rate: 500, count: 400, connections: 100 } as const;
  const { packets, evidence } = await runLoad({ ...options, timeout: 0.3, wait: 0.6 }).report;
  expect(evidence.text).toContain(`the lab's table of ${SESSIONS} sessions was full, and it evicted sessions`);
  expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: packets.lost });
});
