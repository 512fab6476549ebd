/** Starts and stops of labs in one process, which scripts/soak/starts.ts is: what it holds must not grow. */
import { mebibytes } from "./checks.ts";
import type { Held } from "./starts.ts";

const STARTS = new URL("starts.ts", import.meta.url).pathname;
/** Most time for a start and a stop, and for the start and the end of the process, ms. */
const MS_EACH = 1000;
const MS_PROCESS = 60_000;
/** Growth of memory that is not a defect, octets: less than 1,000 labs can leave if each leaves 64 KiB. */
const MOST_GROWTH = 64 * 2 ** 20;

/** What a process held more after `last` than after `first`. */
export function growthDefects(first: Held, last: Held): string[] {
  const grown = (["descriptors", "timers"] as const).flatMap((what) =>
    last[what] > first[what]
      ? [`${what} after ${last.starts} starts: ${last[what]}, ${first[what]} after ${first.starts}`]
      : [],
  );
  const growth = last.residentBytes - first.residentBytes;
  if (growth <= MOST_GROWTH) return grown;
  return [...grown, `memory grew by ${mebibytes(growth)} from ${first.starts} to ${last.starts} starts`];
}

/** Starts and stops a lab `count` times in one process. Returns the defects. */
export async function startsDefects(
  count: number,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  const child = Bun.spawn([process.execPath, STARTS, `${count}`], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal,
    killSignal: "SIGKILL",
    timeout: count * MS_EACH + MS_PROCESS,
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const status = await child.exited;
  if (status !== 0) return [`${count} starts and stops ended with ${status}: ${err.trim().slice(-500)}`];
  const [first, last]: readonly [Held, Held] = JSON.parse(out);
  const of = ({ starts, descriptors, timers, residentBytes }: Held) =>
    `after ${starts}: ${descriptors} descriptors, ${timers} timers, ${mebibytes(residentBytes)}`;
  say(`starts and stops in one process, ${of(first)}; ${of(last)}`);
  return growthDefects(first, last);
}
