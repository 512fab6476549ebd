/** `POST /runs` and `/runs/current`: the requests that are refused, and a run from its start to its end. */
import { describe, expect, test } from "bun:test";
import { CLASSICS } from "../../src/base/protocol.ts";
import type { Lab } from "../../src/lab.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { JSON_TYPE, request } from "./support.ts";

const RUN = { protocol: "udp", rate: 100, seconds: 1 };
const FOREIGN = { origin: "http://example.com" };

function post(lab: Lab, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return request(urlOf(lab, "/runs"), { method: "POST", headers: { ...JSON_TYPE, ...headers }, body: text });
}

const stateOf = async (lab: Lab) => (await request(urlOf(lab, "/runs/current"))).json();

describe("a run", () => {
  test("is not started or stopped by a page of another site, whose body is not read", async () => {
    await using lab = await startTestLab();
    const start = await post(lab, "not JSON", FOREIGN);
    expect([start.status, start.json().error]).toEqual([403, expect.stringContaining("http://example.com")]);
    const stop = await request(urlOf(lab, "/runs/current"), { method: "DELETE", headers: FOREIGN });
    expect(stop.status).toBe(403);
    expect(await stateOf(lab)).toBeNull();
  });

  test.each([
    [{ ...RUN, rate: 1e9 }, 400, "rate"],
    [{ ...RUN, seconds: 301 }, 400, "seconds"],
    [{ ...RUN, connections: 257 }, 400, "connections"],
    [{ ...RUN, protocol: "icmp" }, 400, "protocol"],
    [{ ...RUN, size: 10 }, 400, "size: not allowed; allowed: an integer from 44 to 16384"],
    [{ ...RUN, timeout: 2, wait: 1 }, 400, "wait 1: expected at least timeout, which is 2 s"],
    [{ ...RUN, wait: 61 }, 400, "wait: not allowed; allowed: a number from 0.01 to 60"],
    [{ ...RUN, http: { method: "DELETE" } }, 400, ""],
    [{ ...RUN, target: "192.0.2.1:7000" }, 403, "only this lab"],
    [{ ...RUN, target: "10.0.0.7 8" }, 400, "target"],
    ["{", 400, "JSON"],
  ])("as in %j is refused with %d and one line", async (body, status, reason) => {
    await using lab = await startTestLab();
    const response = await post(lab, body);
    const { error } = response.json();
    expect(response.status).toBe(status);
    expect(error).toContain(reason);
    expect(error).not.toContain("\n");
    expect(await stateOf(lab)).toBeNull();
  });

  test("of all protocols has a report for each and is kept", async () => {
    await using lab = await startTestLab({ limits: { runSeconds: 2 } });
    expect((await post(lab, { protocol: "all", rate: 50, seconds: 1 })).status).toBe(202);
    await until(async () => (await stateOf(lab)).state === "done", "the end of the run", 20_000);
    expect((await stateOf(lab)).kept).toBe(1);
    const { runs } = (await request(urlOf(lab, "/runs"))).json();
    expect(runs[0]?.lines).toEqual(
      CLASSICS.map((protocol) => expect.objectContaining({ protocol, sent: 50, lossRatio: 0 })),
    );
    const series = await scrape(lab);
    const packets = CLASSICS.map((protocol) => series.get("packets_total", { protocol }));
    expect(packets).toEqual(CLASSICS.map(() => 50));
  }, 30_000);

  test("is the only one, and can be stopped once", async () => {
    await using lab = await startTestLab();
    const stop = () => request(urlOf(lab, "/runs/current"), { method: "DELETE" });
    expect((await stop()).status).toBe(404);
    expect((await post(lab, { ...RUN, seconds: 60 })).status).toBe(202);
    const second = await post(lab, RUN);
    expect([second.status, second.json()]).toEqual([409, { error: "a run is in progress; stop it first" }]);
    const stopped = await stop();
    expect([stopped.status, stopped.json()]).toMatchObject([200, { stopped: true, state: "settling" }]);
    await until(async () => (await stateOf(lab)).state === "done", "the end of the run", 20_000);
    const again = await stop();
    expect([again.status, again.json()]).toEqual([404, { error: "no run is in progress" }]);
  }, 30_000);

  test("ends with its lab", async () => {
    const lab = await startTestLab();
    await post(lab, { ...RUN, seconds: 60 });
    const children = () => Bun.spawnSync(["ps", "-o", "pid=,args=", "--ppid", String(process.pid)]).stdout.toString();
    await until(() => children().includes("runs/child.ts"), "the run's process");
    await lab.stop();
    await until(() => !children().includes("runs/child.ts"), "the end of the run's process");
  }, 20_000);
});
