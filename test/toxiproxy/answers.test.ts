/**
 * The answers of the API, and what toxics do to connections, are those of Toxiproxy 2.12.0. With TOXIPROXY_SERVER (a path of its
 * server, which `go build ./cmd/server` makes in its repository) the records are compared with it; TOXIPROXY_RECORD=1 writes them.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { freePort } from "../support/free-port.ts";
import { until } from "../support/until.ts";
import { playAll } from "./behaviour.ts";
import { answersOf } from "./requests.ts";
import { startToxiproxy } from "./support.ts";

/** What Toxiproxy has answered and done. */
const RECORDS = {
  answers: join(import.meta.dir, "answers.json"),
  outcomes: join(import.meta.dir, "outcomes.json"),
} as const;

const recorded = (name: keyof typeof RECORDS): Promise<unknown> => Bun.file(RECORDS[name]).json();

test("every request gets the answer of Toxiproxy: status, type, and the body to the octet", async () => {
  await using server = startToxiproxy();
  const answers = await answersOf(server.url);
  expect<unknown>(answers).toEqual(await recorded("answers"));
  expect(answers.length).toBeGreaterThan(80);
});

test("every toxic has the outcome that it has with Toxiproxy", async () => {
  await using server = startToxiproxy();
  const outcomes = await playAll(server.url);
  expect<unknown>(outcomes).toEqual(await recorded("outcomes"));
  expect(Object.keys(outcomes).length).toBeGreaterThan(14);
}, 30_000);

const binary = process.env.TOXIPROXY_SERVER;
if (!binary) console.warn("not compared with a running Toxiproxy: TOXIPROXY_SERVER has no path of its server");

/** Starts Toxiproxy, runs a function with its URL, and compares the result with the record or writes it. */
async function withToxiproxy(name: keyof typeof RECORDS, run: (url: string) => Promise<unknown>): Promise<void> {
  const port = freePort();
  const child = Bun.spawn([binary ?? "", "-port", `${port}`], { stdout: "ignore", stderr: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  try {
    await until(answers, "Toxiproxy listens", 10_000);
    const result = await run(url);
    if (process.env.TOXIPROXY_RECORD) await Bun.write(RECORDS[name], `${JSON.stringify(result, null, 2)}\n`);
    else expect(result).toEqual(await recorded(name));
  } finally {
    child.kill();
    await child.exited;
  }
}

test.skipIf(!binary)(
  "a running Toxiproxy gives the recorded answers",
  () => withToxiproxy("answers", answersOf),
  20_000,
);
test.skipIf(!binary)("a running Toxiproxy has the recorded outcomes", () => withToxiproxy("outcomes", playAll), 30_000);
