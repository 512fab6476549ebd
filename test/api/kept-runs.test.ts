/** `/runs` and `/runs/{id}`: the list, one run, its report, the comparison of two, and deletion. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Lab } from "../../src/lab.ts";
import { ONE_PAIR } from "../../src/load/measure/statistics/difference.ts";
import { RunStore } from "../../src/runs/kept/store.ts";
import { makeRun, newPath } from "../runs/support.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { request } from "./support.ts";

const { report, detail } = await makeRun();
const RUN = { source: "command", reports: [report], details: [detail] } as const;

/** A lab whose file has two runs, the second one of two protocols. */
let lab: Lab;
beforeAll(async () => {
  const data = newPath();
  using store = RunStore.open(data);
  store.save(RUN);
  store.save({ ...RUN, reports: [report, { ...report, protocol: "tcp" }], details: [detail, detail] });
  const targets = [{ host: "10.0.0.7", port: 7000 }];
  lab = await startTestLab({ data, targets, limits: { runSeconds: 2 } });
});
afterAll(() => lab.stop());

const get = (path: string) => request(urlOf(lab, path));

describe("kept runs", () => {
  test("are listed with the targets and limits of a new run", async () => {
    const { runs, file, targets, caps } = (await get("/runs")).json();
    expect(runs.map(({ id }: { id: number }) => id)).toEqual([2, 1]);
    expect(runs[1]).toMatchObject({
      source: "command",
      lines: [{ protocol: "udp", sent: 20, lossRatio: 0, ended: "completed" }],
    });
    expect([file, targets]).toEqual([true, ["10.0.0.7:7000"]]);
    expect(caps).toEqual({ rate: 10_000, seconds: 2, connections: 256, size: 16_384 });
  });

  test("have their reports and details", async () => {
    const run = (await get("/runs/1")).json();
    expect(run).toMatchObject({ id: 1, source: "command" });
    expect(run.reports).toEqual([report]);
    expect(run.details).toEqual(JSON.parse(JSON.stringify([detail])));
  });

  test("have a report to download: an object for one protocol, an array for several", async () => {
    const one = await get("/runs/1/report");
    expect(one.headers.get("content-disposition")).toBe('attachment; filename="wirelab-run-1.json"');
    expect(one.text).toEndWith("\n");
    expect(one.json()).toEqual(report);
    const both = (await get("/runs/2/report")).json();
    expect(both.map(({ protocol }: { protocol: string }) => protocol)).toEqual(["udp", "tcp"]);
  });

  test("are compared by the protocols that both have", async () => {
    const { before, after, protocols, limits } = (await get("/runs/1/compare/2")).json();
    expect([before, after, Object.keys(protocols)]).toEqual([1, 2, ["udp"]]);
    expect(protocols.udp.length).toBeGreaterThan(3);
    expect(limits).toEqual([ONE_PAIR]);
  });

  test.each([
    ["GET", "/runs/abc", 400, "run abc: not allowed; allowed: an id from 1"],
    ["GET", "/runs/0", 400, "run 0: not allowed; allowed: an id from 1"],
    ["GET", "/runs/3", 404, "no run 3 is kept"],
    ["GET", "/runs/3/report", 404, "no run 3 is kept"],
    ["GET", "/runs/1/compare/x", 400, "run x: not allowed; allowed: an id from 1"],
    ["GET", "/runs/1/compare/3", 404, "no run 3 is kept"],
    ["GET", "/runs/3/compare/1", 404, "no run 3 is kept"],
    ["DELETE", "/runs/3", 404, "no run 3 is kept"],
  ])("%s %s is refused with %d", async (method, path, status, error) => {
    const response = await request(urlOf(lab, path), { method });
    expect([response.status, response.json()]).toEqual([status, { error }]);
  });

  test("are deleted, but not by a page of another site", async () => {
    using store = RunStore.open(newPath());
    const id = store.save(RUN);
    await using other = await startTestLab({ data: store.path });
    const remove = (headers = {}) => request(urlOf(other, `/runs/${id}`), { method: "DELETE", headers });
    expect((await remove({ origin: "http://example.com" })).status).toBe(403);
    expect((await remove()).json()).toEqual({ deleted: id });
    expect((await request(urlOf(other, `/runs/${id}`))).status).toBe(404);
  });
});
