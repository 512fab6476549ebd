/** The command against a target that answers with a status outside 2xx. */
import { expect, test } from "bun:test";
import { runCommand } from "../../../src/load/cli/command.ts";
import { recordingEnvironment } from "../support/environment.ts";

/** The command against a server with this status. */
async function runAgainst(status: number, flags = "") {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("", { status }) });
  const { recorded, environment } = recordingEnvironment();
  const line = `--proto http --target http://127.0.0.1:${server.port}/x --rate 500 --count 50 --timeout 1s --quiet ${flags}`;
  return { status: await runCommand(line.trim().split(" "), environment), out: recorded.out };
}

test.each([404, 500, 501])(
  "status %d: the last line says it, the times are shown, and the exit status is 0",
  async (code) => {
    const { status, out } = await runAgainst(code);
    expect(status).toBe(0);
    const last = out.trimEnd().split("\n").at(-1);
    expect(last).toStartWith(`http: 0 of 50 answered, 50 failed: status ${code} × 50 (p50 `);
    expect(last).toMatch(/ 0 % lost; /);
    expect(out).toMatch(/^http {2}valid {2}0 of 50 answered, 50 failed, 0 % lost/);
    expect(out).toMatch(/^failed( +[\d.]+ [µm]s){4}( +–){3} +[\d.]+ [µm]s$/m);
    expect(out).not.toMatch(/answered nothing|nothing could be measured/);
  },
);

test("an objective on errors is missed by them", async () => {
  const { status, out } = await runAgainst(404, "--slo errors<1%");
  expect(status).toBe(1);
  expect(out).toContain("objective errors<1%: MISSED: 100 %");
});
