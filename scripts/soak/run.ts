/** The soak: a lab under load with changing faults, the checks afterwards, and starts and stops in one process. */

import { formatRate, formatSeconds } from "../../src/base/format.ts";
import { messageOf } from "../../src/base/message.ts";
import { CLASSICS } from "../../src/base/protocol.ts";
import { limitMemory } from "../../test/hostile/support/memory-limit.ts";
import { type LabProcess, startMain } from "../../test/support/process.ts";
import { scrape } from "../../test/support/scrape.ts";
import { addUp, allBalanceDefects, balanceLine } from "./balance.ts";
import { mebibytes, memoryDefects, memoryTrend, remainderDefects, type Series } from "./checks.ts";
import { changeFaults, holdViewers, scrapeAlong, startRuns } from "./company.ts";
import { measureRates, sendAll } from "./load.ts";
import type { SoakOptions } from "./options.ts";
import type { Progress } from "./progress.ts";
import { startsDefects } from "./restarts.ts";

const LINE_EVERY_MS = 5000;
/** Time in which the lab gives back what the load took, ms. */
const QUIET_MS = 15_000;
const POLL_MS = 250;

/** Where the lines go, and what ends the soak early. */
export interface SoakParts {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Waits for all `tasks`; the first that fails calls `end`. Returns a line for each that failed. */
async function allOf(tasks: readonly Promise<unknown>[], end: () => void): Promise<string[]> {
  for (const task of tasks) task.catch(end);
  const settled = await Promise.allSettled(tasks);
  return settled.flatMap((result) => (result.status === "rejected" ? [messageOf(result.reason)] : []));
}

/** Load, changing faults, scrapes, viewers and runs from the page for the given time. Returns the defects. */
async function underLoad(
  lab: LabProcess,
  options: SoakOptions,
  { say, signal, progress }: SoakParts,
): Promise<string[]> {
  const { ports } = lab;
  const takeReport = (report: Parameters<Progress["takeReport"]>[0]) => progress.takeReport(report);
  const failed = new AbortController();
  const over = new AbortController();
  const load = { ports, signal: AbortSignal.any([signal, failed.signal]), report: takeReport };
  const rates =
    options.rate === undefined
      ? await measureRates(load)
      : { http: options.rate, tcp: options.rate, udp: options.rate };
  say(`rates: ${CLASSICS.map((protocol) => `${protocol} ${formatRate(rates[protocol])}`).join(", ")}`);
  const startedAt = performance.now();
  const lines = setInterval(() => say(progress.line((performance.now() - startedAt) / 1000)), LINE_EVERY_MS);
  const until = AbortSignal.any([signal, failed.signal, over.signal]);
  const sending = sendAll(rates, options.seconds, load).finally(() => over.abort());
  const tasks = [
    sending,
    changeFaults(ports.http, options.seed, until).then((changes) => say(`${changes} changes of the faults`)),
    scrapeAlong(ports.http, until, (series) => progress.takeSeries(series)).then((seconds) =>
      say(`slowest scrape: ${formatSeconds(seconds)}`),
    ),
    holdViewers(ports.http, until).then((octets) => say(`viewers read ${mebibytes(octets)}`)),
    startRuns(ports.http, until, takeReport).then((runs) => say(`${runs} runs from the page`)),
  ];
  const defects = await allOf(tasks, () => failed.abort()).finally(() => clearInterval(lines));
  return lab.running ? defects : [...defects, `the lab ended during the load: ${lab.err.trim().slice(-500)}`];
}

/** A scrape of the lab after it has given back what the load took, or after the time that it has for that. */
async function atRest(lab: LabProcess, before: Series): Promise<Series> {
  const endAt = performance.now() + QUIET_MS;
  for (;;) {
    const series = await scrape(lab.ports.http);
    if (remainderDefects(before, series).length === 0 || performance.now() > endAt) return series;
    await Bun.sleep(POLL_MS);
  }
}

/** Stops the lab as an operator does. Returns the defects. */
async function stopLab(lab: LabProcess): Promise<string[]> {
  lab.signal("SIGTERM");
  const status = await Promise.race([lab.exited, Bun.sleep(QUIET_MS).then(() => undefined)]);
  const errors = lab.err.trim();
  return [
    ...(status === 0 ? [] : [`the lab ended with ${status ?? "nothing"} after SIGTERM, expected 0`]),
    ...(errors === "" ? [] : [`the lab wrote to its standard error: ${errors.slice(-500)}`]),
  ];
}

/** Runs everything. Returns the defects; without meaning once the signal has aborted. */
export async function soak(options: SoakOptions, parts: SoakParts): Promise<string[]> {
  const { say, signal, progress } = parts;
  using group = options.memory === undefined ? undefined : limitMemory(options.memory);
  if (options.memory !== undefined && group === undefined) say("!! NO MEMORY LIMIT: no control group can be made here");
  if (group !== undefined)
    say(`memory limit of the lab and of the runs from its page: ${mebibytes(options.memory ?? 0)}`);
  await using lab = await startMain([], {}, group?.wrap);
  const before = await scrape(lab.ports.http);
  const defects = await underLoad(lab, options, parts);
  if (signal.aborted || !lab.running) return [...progress.defects, ...defects];
  const after = await atRest(lab, before);
  for (const protocol of CLASSICS) say(balanceLine(protocol, addUp(progress.reports, protocol), after));
  const { first, last } = memoryTrend(progress.memory);
  say(`memory: ${mebibytes(first)} in the first third after the warm-up, ${mebibytes(last)} in the last`);
  if (defects.length === 0) defects.push(...allBalanceDefects(progress.reports, after));
  defects.push(...memoryDefects(progress.memory), ...remainderDefects(before, after), ...(await stopLab(lab)));
  if (options.starts > 0 && !signal.aborted) defects.push(...(await startsDefects(options.starts, say, signal)));
  return [...progress.defects, ...defects];
}
