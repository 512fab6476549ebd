/** Errors that no part of the lab catches: the process goes on, counts them and logs the first of each kind. */
import { expect, test } from "bun:test";
import { startMain } from "../support/process.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const PRELOAD = new URL("../support/throw-on-signal.ts", import.meta.url).pathname;

test("uncaught exceptions and rejections do not end the lab; they are counted, and logged once", async () => {
  await using lab = await startMain([], { BUN_OPTIONS: `--preload ${PRELOAD}` });
  const count = async () => (await scrape(lab.ports.http)).get("wirelab_internal_errors_total");
  expect(await count()).toBe(0);
  for (const expected of [2, 4]) {
    process.kill(lab.pid, "SIGUSR2");
    await until(async () => (await count()) === expected, `${expected} errors`);
  }
  const lines = lab.out.split("\n").filter((line) => line.includes("internal error"));
  expect(lines.map((line) => JSON.parse(line).place).toSorted()).toEqual(["uncaughtException", "unhandledRejection"]);
  expect(lab.running).toBe(true);
  expect(lab.err).toBe("");
});
