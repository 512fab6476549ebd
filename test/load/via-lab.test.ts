/** Load runs through the relays of a lab, over its own routes. */
import { expect, test } from "bun:test";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";
import { balanced } from "./support/sums.ts";
import { tcpTarget, udpTarget } from "./support/targets.ts";

/** Makes the relay `slow` of a lab to a port of this machine, and runs through it. */
async function runThrough(protocol: "tcp" | "udp", upstream: number, faults: string, options: Partial<LoadOptions>) {
  await using lab = await startTestLab();
  const put = (path: string, body: string) => fetch(urlOf(lab, path), { method: "PUT", body });
  expect((await put("/relays/slow", `${protocol}:0>127.0.0.1:${upstream}`)).status).toBe(201);
  expect((await put("/relays/slow/impairments", faults)).status).toBe(200);
  const control = `127.0.0.1:${lab.ports.http}`;
  return balanced(await runLoad({ protocol, control, via: "relay:slow", seed: 3, ...options }).report);
}

test("the losses of a UDP run are by direction those of a lab's relay, to the packet", async () => {
  await using target = await udpTarget("echo");
  const options = { rate: 1000, count: 400, timeout: 1, wait: 1 };
  const { packets, via, evidence } = await runThrough("udp", target.port, "drop=0.1/0.1", options);
  expect(via).toMatchObject({ relay: "slow", faults: "drop=0.1/0.1", otherClients: false, reason: null });
  expect(via?.up).toMatchObject({ packetsIn: 400, dropped: packets.lostUp, drops: { drop: packets.droppedUp } });
  expect(packets).toMatchObject({ lostDown: via?.down?.dropped, unexplained: 0 });
  expect(target.counts.arrived).toBe(400 - packets.lostUp);
  expect(evidence.kind).toBe("relay");
});

test("the delay that a lab's relay adds to TCP", async () => {
  await using target = tcpTarget("stamp");
  const options = { rate: 200, count: 50, timeout: 10, wait: 10 };
  const { packets, via } = await runThrough("tcp", target.port, "delay=20/20", options);
  expect(packets).toMatchObject({ sent: 50, answered: 50 });
  for (const way of [via?.up, via?.down]) {
    expect(way?.added.mean).toBeGreaterThanOrEqual(0.02);
    expect(way?.added.p50).toBeGreaterThan(0.01); // in the bucket from 10 to 25 ms, or a higher one
  }
});

test("a new relay that is replaced under its name in mid-run: its counts are not those of the run", async () => {
  await using target = await udpTarget("echo");
  await using lab = await startTestLab();
  const make = (listen: number) => {
    const body = `udp:${listen}>127.0.0.1:${target.port}`;
    return fetch(urlOf(lab, "/relays/slow"), { method: "PUT", body });
  };
  const impair = () => fetch(urlOf(lab, "/relays/slow/impairments"), { method: "PUT", body: "drop=0/1" });
  expect([(await make(0)).status, (await impair()).status]).toEqual([201, 200]);
  const { port = 0 } = lab.relays.get("slow") ?? {};
  const control = `127.0.0.1:${lab.ports.http}`;
  const current = runLoad({ protocol: "udp", control, via: "relay:slow", rate: 400, count: 400, timeout: 1, wait: 1 });
  await until(() => current.measured.recorder().counts.sent > 100, "packets sent");
  await fetch(urlOf(lab, "/relays/slow"), { method: "DELETE" });
  expect([(await make(port)).status, (await impair()).status]).toEqual([201, 200]);
  const { packets, via } = balanced(await current.report);
  expect(target.counts.arrived).toBeGreaterThan(350); // only answers were lost
  expect(packets).toMatchObject({ lostUp: 0, lostDown: 0, unexplained: 400 });
  const reason = "the relay was made again during the run";
  expect(via).toMatchObject({ relay: "slow", otherClients: null, reason, up: null, down: null });
});

test("--via relay goes through the relay at the target's address, where another one has the same port", async () => {
  await using first = await udpTarget("echo");
  await using second = await udpTarget("echo");
  await using lab = await startTestLab();
  const put = (name: string, route: string) => fetch(urlOf(lab, `/relays/${name}`), { method: "PUT", body: route });
  expect((await put("first", `udp:127.0.0.1:0>127.0.0.1:${first.port}`)).status).toBe(201);
  const { port } = lab.relays.get("first") ?? expect.unreachable();
  expect((await put("second", `udp:127.0.0.2:${port}>127.0.0.1:${second.port}`)).status).toBe(201);
  const control = `127.0.0.1:${lab.ports.http}`;
  const through = async (host: string, via = "relay") => {
    const options = { rate: 500, count: 20, timeout: 10, wait: 10 };
    const run = runLoad({ protocol: "udp", control, target: `${host}:${port}`, via, ...options });
    const { relay, address } = (await run.report).via ?? {};
    return [relay, address];
  };
  expect(await through("127.0.0.2")).toEqual(["second", `127.0.0.2:${port}`]);
  expect(await through("127.0.0.1")).toEqual(["first", `127.0.0.1:${port}`]);
  expect(await through("127.0.0.1", "relay:second")).toEqual(["second", `127.0.0.2:${port}`]);
  expect([first.counts.arrived, second.counts.arrived]).toEqual([20, 40]);
});
