/** Waits for the answers that arrive after the last packet of a run was sent. */
import { type Clock, sleep } from "../../base/clock.ts";
import { REGISTRY } from "../../base/protocol.ts";
import type { Recorder } from "../measure/recorder.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import type { Client } from "./client.ts";

/** Time without an arrival after which no more copies are expected, ms. */
const QUIET_MS = 100;
/** Time between two checks, ms. */
const POLL_MS = 5;

/** The run whose answers are waited for. */
interface SentRun {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly plan: Pick<RunPlan, "waitMs" | "protocol" | "stamp">;
  /** Whether the target refused every packet, so that no answer is expected. */
  readonly isRefused: boolean;
}

/**
 * Resolves when the outcome of every packet is final, and no more copies of datagrams or messages, or further answers on
 * plain connections, arrive.
 */
export async function lastAnswers({ client, recorder, clock, plan, isRefused }: SentRun): Promise<void> {
  const { waitMs } = plan;
  const sentAt = clock.now();
  const quiet = quietTime(plan, recorder);
  for (;;) {
    const now = clock.now();
    client.tick(isRefused ? Number.POSITIVE_INFINITY : now);
    const isQuiet = now - Math.max(client.lastArrival, sentAt) >= quiet || now - sentAt > waitMs + quiet;
    if (client.pending === 0 && recorder.awaited === 0 && isQuiet) return;
    await sleep(POLL_MS);
  }
}

/** Resolves when no packet waits for an answer, after `limitMs`, or when `isStopped` says so. */
export async function pendingAnswers(
  client: Client,
  clock: Clock,
  limitMs: number,
  isStopped: () => boolean,
): Promise<void> {
  const deadline = clock.now() + limitMs;
  while (client.pending > 0 && !isStopped() && clock.now() < deadline) {
    await sleep(POLL_MS);
    client.tick(clock.now());
  }
}

/** The time without an arrival after which none is expected, ms; 0 if a packet has one answer at most. */
function quietTime({ waitMs, protocol, stamp }: SentRun["plan"], { counts, service }: Recorder): number {
  const { transport, stamp: hasPlain, faults } = REGISTRY[protocol];
  const copies: readonly string[] = faults;
  const hasMore = stamp ? copies.includes("duplicate") : hasPlain && transport === "tcp";
  if (!hasMore || counts.answered === 0) return 0;
  const longest = (service.max ?? 0) * 1000;
  return Math.min(waitMs, Math.max(QUIET_MS, longest));
}
