/** A flood of sessions from many sources, as forged datagrams make them, while a run is measured. */
import { expect, test } from "bun:test";
import { parseFaults } from "../../src/faults/text.ts";
import type { Lab } from "../../src/lab.ts";
import { runLoad } from "../../src/load/run.ts";
import { setFaults, testPacket, udpStamp } from "../support/clients.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const SESSIONS = 64;

/** Sends packets of new sessions, each with another network or session id, until it is disposed of. */
async function startFlood(port: number) {
  const sockets: Bun.udp.Socket<"buffer">[] = [];
  for (let i = 0; i < 100; i++) {
    sockets.push(await Bun.udpSocket({ hostname: `127.1.${i}.1`, socket: { data() {}, error() {} } }));
  }
  let packets = 0;
  const send = () => {
    for (const socket of sockets) socket.send(testPacket(0, packets++ & 0xffff), port, "127.0.0.1");
  };
  const timer = setInterval(send, 5);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const socket of sockets) socket.close();
    },
  };
}

const FAULTS = { udp: parseFaults("udp", "drop=0.1/0.2") };
const RUN = { protocol: "udp", rate: 300, duration: 2, timeout: 0.5, wait: 1 } as const;

/** The sessions that the lab has evicted. */
async function evictionsOf(lab: Lab): Promise<number> {
  return (await scrape(lab)).get("wirelab_bounded_overflows_total", { structure: "sessions" });
}

test("a run keeps its session and its directions while thousands of other sessions begin", async () => {
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: FAULTS });
  const run = runLoad({ ...RUN, target: `127.0.0.1:${lab.ports.udp}`, control: urlOf(lab) });
  await until(() => run.measured.recorder().counts.sent >= 30, "the first packets");
  using _flood = await startFlood(lab.ports.udp);
  const { packets, evidence } = await run.report;
  expect(await evictionsOf(lab)).toBeGreaterThan(SESSIONS * 10);
  expect([evidence.kind, packets.unexplained, evidence.text]).toEqual(["lab", 0, expect.any(String)]);
  expect([packets.lostUp, packets.lostDown]).toEqual([packets.droppedUp, packets.droppedDown]);
  expect(packets.droppedUp).toBeGreaterThan(20);
});

test("a run that starts in a flood has its sessions from the first packet on: its directions are those of the faults", async () => {
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: FAULTS });
  using _flood = await startFlood(lab.ports.udp);
  await until(async () => (await evictionsOf(lab)) > SESSIONS * 10, "a full table");
  const before = await evictionsOf(lab);
  // 16 connections: each sends a packet in 53 ms, in which the table is replaced several times.
  const target = `127.0.0.1:${lab.ports.udp}`;
  const { packets, evidence } = await runLoad({ ...RUN, target, connections: 16, control: urlOf(lab) }).report;
  const series = await scrape(lab);
  expect(await evictionsOf(lab)).toBeGreaterThan(before + SESSIONS * 100);
  expect([evidence.kind, packets.unexplained, evidence.text]).toEqual(["lab", 0, expect.any(String)]);
  expect([packets.lostUp, packets.lostDown]).toEqual([packets.droppedUp, packets.droppedDown]);
  expect(packets.droppedUp).toBeGreaterThan(20);
  expect(series.get("wirelab_evicted_sessions_total", { standing: "new" })).toBeGreaterThan(before);
  expect(series.get("wirelab_evicted_sessions_total", { standing: "validated" })).toBe(0);
});

test("a run that never asked the lab, and whose session the flood evicts, leaves its losses unexplained", async () => {
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: FAULTS });
  using _flood = await startFlood(lab.ports.udp);
  const target = `127.0.0.1:${lab.ports.udp}`;
  const { packets, evidence } = await runLoad({ ...RUN, target, rate: 50, duration: 1, control: false }).report;
  expect(packets.lost).toBeGreaterThan(5);
  expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: packets.lost });
  expect(evidence.text).toContain("the reflector restarted, or numbers the answers of several sessions together");
});

test("a run whose session is evicted before its first answer arrives does not take these packets for lost upstream", async () => {
  await using lab = await startTestLab({ limits: { sessions: 1 }, impair: { udp: parseFaults("udp", "drop=0/1") } });
  await using other = await udpStamp.connect(lab);
  const target = `127.0.0.1:${lab.ports.udp}`;
  const run = runLoad({ ...RUN, target, rate: 50, duration: 1, control: false });
  await until(() => run.measured.recorder().counts.sent >= 10, "the first packets");
  await other.send(0);
  await until(async () => (await evictionsOf(lab)) >= 2, "the eviction of the other session by the run's");
  await setFaults(lab, "udp", {});
  const { packets, evidence } = await run.report;
  expect(packets.answered).toBeGreaterThan(5);
  expect(packets.lost).toBeGreaterThanOrEqual(10);
  expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: packets.lost });
  expect(evidence.kind).toBe("none");
});

test("if the table cannot hold the run's own sessions, the report says so with the size of the table", async () => {
  await using lab = await startTestLab({ limits: { sessions: SESSIONS }, impair: FAULTS });
  const target = `127.0.0.1:${lab.ports.udp}`;
  const options = { protocol: "udp", target, control: urlOf(lab), rate: 500, count: 400, connections: 100 } as const;
  const { packets, evidence } = await runLoad({ ...options, timeout: 0.3, wait: 0.6 }).report;
  expect(evidence.text).toContain(`the lab's table of ${SESSIONS} sessions was full, and it evicted sessions`);
  expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: packets.lost });
});
