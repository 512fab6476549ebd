/** A program: a lab that measures the processor time of its turns of the event loop. Options are its argument, as JSON. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { startLab } from "../../../src/lab.ts";
import { FREE_PORTS } from "../../support/lab.ts";

/** Linux's clock of the processor time of a thread. It does not run while other processes have the processor. */
const CLOCK_THREAD_CPUTIME_ID = 3;
const { symbols } = dlopen("libc.so.6", {
  clock_gettime: { args: [FFIType.i32, FFIType.pointer], returns: FFIType.i32 },
});
const time = new BigInt64Array(2);
const address = ptr(time);

/** Processor time of this thread so far, ms. */
function threadMs(): number {
  symbols.clock_gettime(CLOCK_THREAD_CPUTIME_ID, address);
  return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
}

let watching = false;
let longestMs = 0;
let last = 0;

function turn(): void {
  const now = threadMs();
  longestMs = Math.max(longestMs, now - last);
  last = now;
  if (watching) setImmediate(turn);
}

process.on("message", (message) => {
  watching = message === "start";
  if (!watching) {
    process.send?.(longestMs);
    return;
  }
  longestMs = 0;
  last = threadMs();
  setImmediate(turn);
});

const lab = await startLab({ ...FREE_PORTS, ...JSON.parse(process.argv[2] ?? "{}") });
process.send?.(lab.ports);
