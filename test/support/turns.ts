/** Measures how long the event loop is held. */
import { dlopen, ptr } from "bun:ffi";

/** What was seen of the event loop: its longest turn, and the number of turns. */
export interface Turns {
  readonly longestMs: number;
  /** The processor time of the turn that used most of it: not longer if the machine has other work. */
  readonly longestCpuMs: number;
  readonly count: number;
}

/** `CLOCK_THREAD_CPUTIME_ID` of clock_gettime(2). */
const THREAD_CLOCK = 3;

/** A function that returns the processor time of the calling thread, ms. */
function threadClock(): () => number {
  const { symbols } = dlopen("libc.so.6", { clock_gettime: { args: ["int", "ptr"], returns: "int" } });
  const time = new BigInt64Array(2);
  const address = ptr(time);
  return () => {
    symbols.clock_gettime(THREAD_CLOCK, address);
    return Number(time[0]) * 1e3 + Number(time[1]) / 1e6;
  };
}

/** Watches the event loop for `ms`, and until `task` is done if there is one. */
export async function watchTurns(ms: number, task?: Promise<unknown>): Promise<Turns> {
  const cpuTime = threadClock();
  let isDone = task === undefined;
  void task?.finally(() => {
    isDone = true;
  });
  const startedAt = performance.now();
  let longestMs = 0;
  let longestCpuMs = 0;
  let count = 0;
  let lastCpu = cpuTime();
  for (let last = startedAt; !isDone || last - startedAt < ms; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const [now, cpu] = [performance.now(), cpuTime()];
    longestMs = Math.max(longestMs, now - last);
    longestCpuMs = Math.max(longestCpuMs, cpu - lastCpu);
    count++;
    [last, lastCpu] = [now, cpu];
  }
  return { longestMs, longestCpuMs, count };
}
