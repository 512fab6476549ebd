/**
 * A scenario: the faults of a lab change while a run measures it. Prints a row for each interval and, at the end, what
 * the run measured beside what the lab injected.
 *
 *     bun examples/custom-scenario.ts
 */
import { type Lab, type LoadRun, runLoad, startLab } from "wirelab";

/** The faults, each set for one second. */
const SCENARIO = ["none", "udp:delay=20", "udp:drop=0.3/0.1"];

/** Sets the faults through the control route, as for a lab on another machine. */
async function play(lab: Lab): Promise<void> {
  for (const faults of SCENARIO) {
    await fetch(`http://127.0.0.1:${lab.ports.http}/impairments`, { method: "PUT", body: faults });
    await Bun.sleep(1000);
  }
}

/** Prints a row for each interval of the run. */
async function show(run: LoadRun): Promise<void> {
  console.log("seconds  faults             answered  p50 ms");
  let before = 0;
  for await (const { seconds, interval, answered, p50 } of run) {
    const faults = (SCENARIO[Math.floor(seconds - interval / 2)] ?? "").padEnd(18);
    const ms = p50 === null ? "–" : (p50 * 1000).toFixed(1);
    console.log(`${seconds.toFixed(1).padEnd(8)} ${faults} ${`${answered - before}`.padEnd(9)} ${ms}`);
    before = answered;
  }
}

/** Returns how many packets the lab dropped on purpose. */
async function injectedDrops(lab: Lab): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${lab.ports.http}/metrics`)).text();
  const counts = metrics.matchAll(/^wirelab_impairments_total\{protocol="udp",kind="drop",.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

await using lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, seed: 7 });
const run = runLoad({
  protocol: "udp",
  target: `127.0.0.1:${lab.ports.udp}`,
  control: `127.0.0.1:${lab.ports.http}`,
  rate: 200,
  duration: SCENARIO.length,
  timeout: 0.2,
  interval: 0.5,
});
await Promise.all([play(lab), show(run)]);
const { packets } = await run.report;
console.log(`measured: ${packets.sent} sent, ${packets.lostUp} lost upstream, ${packets.lostDown} lost downstream`);
console.log(`injected: ${await injectedDrops(lab)} drops`);
