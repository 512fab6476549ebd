/**
 * Starts and stops a lab again and again in this process: `bun scripts/soak/starts.ts COUNT`. Prints what the process held
 * after the first tenth and at the end, as JSON. It ends by itself if nothing keeps its event loop alive.
 */
import { TimerCount } from "./timer-count.ts";

const timers = new TimerCount(); // before the modules of the lab can keep a reference to the functions
const { processUsage } = await import("../../src/base/kernel.ts");
const { startLab } = await import("../../src/lab.ts");

/** What a process holds. */
export interface Held {
  readonly starts: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly residentBytes: number;
}

/** A lab that receives one request between its start and its stop. */
async function startAndStop(): Promise<void> {
  const lab = await startLab({ httpPort: 0, tcpPort: 0, udpPort: 0, tls: "off" });
  const response = await fetch(`http://127.0.0.1:${lab.ports.http}/metrics`, { keepalive: false });
  await response.text();
  await lab.stop();
}

/** Time after which the timers of a stopped lab have fired, ms. */
const SETTLE_MS = 500;

async function held(starts: number): Promise<Held> {
  await Bun.sleep(SETTLE_MS);
  Bun.gc(true);
  const { openFiles, residentBytes } = processUsage();
  return { starts, descriptors: openFiles, timers: timers.pending, residentBytes };
}

const count = Number(process.argv[2]);
const warmUp = Math.ceil(count / 10);
for (let n = 0; n < warmUp; n++) await startAndStop();
const first = await held(warmUp);
for (let n = warmUp; n < count; n++) await startAndStop();
console.log(JSON.stringify([first, await held(count)]));
