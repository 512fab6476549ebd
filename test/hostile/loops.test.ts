/** Forged datagrams that point two labs, or two ports of one lab, at each other: few datagrams follow each. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { runInNamespace } from "../support/namespace.ts";

setDefaultTimeout(120_000);

/** Answers that may follow a forged datagram: one of each lab. The full form counts them for each datagram. */
const MOST = 2;

const PROBE = `echo 127.0.0.1 9 127.0.0.1 9 00 | python3 test/hostile/support/forge.py`;
const probe = await runInNamespace(PROBE).catch((error: unknown) => ({ out: String(error), status: 1 }));
const runs = probe.status === 0 && probe.out.startsWith("sent");
if (!runs) console.warn(`SKIPPED: forged datagrams in a network namespace: ${probe.out || "needs root"}`);

test.if(runs)("468 forged datagrams between ports of labs cause at most two answers each", async () => {
  const { out, status } = await runInNamespace("$BUN test/hostile/support/forged-loops.ts");
  expect(status).toBe(0);
  const results: readonly { what: string; forged: number; followers: number }[] = JSON.parse(out);
  expect(results.reduce((sum, { forged }) => sum + forged, 0)).toBe(468);
  expect(results.filter(({ forged, followers }) => followers > MOST * forged)).toEqual([]);
  expect(results.filter(({ followers }) => followers > 0).length).toBeGreaterThan(5); // some forged sources are answered
  const own = results.filter(({ what }) => /from the \w+ port of a lab (to|with)/.test(what));
  expect([own.length > 0, own.filter(({ followers }) => followers > 0)]).toEqual([true, []]); // its own ports are refused
});
