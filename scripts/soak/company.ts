/** What happens to the lab beside the load: changes of the faults, scrapes, viewers of the page and its runs. */
import { CLASSICS } from "../../src/base/protocol.ts";
import type { RunReport } from "../../src/load/report/report.ts";
import type { RunState } from "../../src/runs/shapes.ts";
import { scrape } from "../../test/support/scrape.ts";
import { openTcp, type Peer } from "../../test/support/tcp.ts";
import type { Series } from "./checks.ts";
import { faultTexts } from "./fault-texts.ts";

const FAULTS_EVERY_MS = 100;
const SCRAPE_EVERY_MS = 1000;
const POLL_RUN_MS = 200;
/** Viewers that read, and viewers that never do. */
const VIEWERS = 4;
const SILENT_VIEWERS = 4;

/** Calls `turn` every `everyMs`, or as soon as the turn before has ended, until `signal` aborts. */
async function repeat(everyMs: number, signal: AbortSignal, turn: () => Promise<void>): Promise<void> {
  let dueAt = performance.now();
  while (!signal.aborted) {
    await turn();
    dueAt = Math.max(dueAt + everyMs, performance.now());
    await Bun.sleep(dueAt - performance.now());
  }
}

async function expectStatus(response: Response, status: number): Promise<string> {
  const text = await response.text();
  if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text.slice(0, 200)}`);
  return text;
}

/** Changes the faults of all protocols ten times a second, and takes them away at the end. Returns the changes. */
export async function changeFaults(port: number, seed: number, signal: AbortSignal): Promise<number> {
  const url = `http://127.0.0.1:${port}/impairments`;
  const texts = faultTexts(seed);
  let changes = 0;
  await repeat(FAULTS_EVERY_MS, signal, async () => {
    await expectStatus(await fetch(url, { method: "PUT", body: texts.next().value }), 200);
    changes++;
  });
  await expectStatus(await fetch(url, { method: "DELETE" }), 200);
  return changes;
}

/** Scrapes the metrics every second; returns the time of the slowest scrape, s. */
export async function scrapeAlong(port: number, signal: AbortSignal, take: (series: Series) => void): Promise<number> {
  let slowestMs = 0;
  await repeat(SCRAPE_EVERY_MS, signal, async () => {
    const startedAt = performance.now();
    take(await scrape(port));
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  });
  return slowestMs / 1000;
}

/** Reads the live stream until `signal` aborts; returns the octets. */
async function view(port: number, signal: AbortSignal): Promise<number> {
  let octets = 0;
  try {
    const { body } = await fetch(`http://127.0.0.1:${port}/live`, { signal });
    for await (const chunk of body ?? []) octets += chunk.length;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (!signal.aborted) throw new Error("the lab ended the stream of a viewer that reads");
  return octets;
}

async function openSilentViewer(port: number): Promise<Peer> {
  const peer = await openTcp(port);
  peer.pause();
  peer.write("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  return peer;
}

/** Holds viewers of the page; those that never read are replaced when the lab closes them. Returns the octets read. */
export async function holdViewers(port: number, signal: AbortSignal): Promise<number> {
  const silent = await Promise.all(Array.from({ length: SILENT_VIEWERS }, () => openSilentViewer(port)));
  const replace = repeat(SCRAPE_EVERY_MS, signal, async () => {
    for (const [n, peer] of silent.entries()) if (peer.ended) silent[n] = await openSilentViewer(port);
  });
  const read = await Promise.all([...Array.from({ length: VIEWERS }, () => view(port, signal)), replace.then(() => 0)]);
  for (const peer of silent) peer[Symbol.dispose]();
  return read.reduce((sum, octets) => sum + octets, 0);
}

/** Starts runs as the page does, one after another, and waits for each; returns how many. */
export async function startRuns(
  port: number,
  signal: AbortSignal,
  report: (report: RunReport) => void,
): Promise<number> {
  const url = `http://127.0.0.1:${port}/runs`;
  const choices = [...CLASSICS, "all"] as const;
  let runs = 0;
  while (!signal.aborted) {
    const body = { protocol: choices[runs % choices.length], rate: 100, seconds: 2, timeout: 0.5, wait: 1 };
    await expectStatus(await fetch(url, { method: "POST", body: JSON.stringify(body) }), 202);
    const { state, reports, error } = await finished(`${url}/current`);
    if (state === "failed") throw new Error(`a run from the page failed: ${error}`);
    reports.forEach(report);
    runs++;
  }
  return runs;
}

/** The state of the run in progress when it has ended. */
async function finished(url: string): Promise<RunState> {
  for (;;) {
    const state: RunState = JSON.parse(await expectStatus(await fetch(url), 200));
    if (state.state === "done" || state.state === "failed") return state;
    await Bun.sleep(POLL_RUN_MS);
  }
}
