/** `/runs` over HTTP: what may be asked for, by whom, and how a refusal reads. */
import { describe, expect, test } from "bun:test";
import type { Lab } from "../../src/lab.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";

function post(lab: Lab, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(urlOf(lab, "/runs"), {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: text,
  });
}

const RUN = { protocol: "udp", rate: 100, seconds: 1 };

describe("starting a run", () => {
  test("is refused to a page of another site before anything is read", async () => {
    await using lab = await startTestLab();
    const answer = await post(lab, "no JSON at all", { origin: "http://example.com" });
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { error: 'Origin "http://example.com" is not allowed; only this lab\'s own page may do this' },
    ]);
    const stop = await fetch(urlOf(lab, "/runs/current"), {
      method: "DELETE",
      headers: { origin: "http://example.com" },
    });
    const erase = await fetch(urlOf(lab, "/runs/1"), { method: "DELETE", headers: { origin: "http://example.com" } });
    expect([stop.status, erase.status]).toEqual([403, 403]);
    expect(await (await fetch(urlOf(lab, "/runs/current"))).json()).toBeNull();
  });

  test.each([
    [{ ...RUN, rate: 1e9 }, 400, "rate"],
    [{ ...RUN, seconds: 301 }, 400, "seconds"],
    [{ ...RUN, connections: 257 }, 400, "connections"],
    [{ ...RUN, protocol: "icmp" }, 400, "protocol"],
    [{ ...RUN, size: 10 }, 400, "size 10"],
    [{ ...RUN, http: { method: "DELETE" } }, 400, ""],
    [{ ...RUN, target: "192.0.2.1:7000" }, 403, "only this lab"],
    [{ ...RUN, target: "10.0.0.7 8" }, 400, "target"],
    ["{", 400, "JSON"],
  ])("%j is refused with %d and says why", async (body, status, why) => {
    await using lab = await startTestLab();
    const answer = await post(lab, body);
    const { error } = (await answer.json()) as { error: string };
    expect(answer.status).toBe(status);
    expect(error).toContain(why);
    expect(error).not.toContain("\n");
  });

  test("of all protocols counts each in its own column, and is kept", async () => {
    await using lab = await startTestLab({ limits: { runSeconds: 2 } });
    expect((await post(lab, { protocol: "all", rate: 50, seconds: 1 })).status).toBe(202);
    const state = async () =>
      (await (await fetch(urlOf(lab, "/runs/current"))).json()) as { state: string; kept: number };
    await until(async () => (await state()).state === "done", "the end of the run", 20_000);
    expect((await state()).kept).toBe(1);
    const list = (await (await fetch(urlOf(lab, "/runs"))).json()) as { runs: { lines: object[] }[]; caps: object };
    expect(list.runs[0]?.lines).toEqual(
      ["http", "tcp", "udp"].map((protocol) => expect.objectContaining({ protocol, sent: 50, lossRatio: 0 })),
    );
    expect(list.caps).toEqual({ rate: 10_000, seconds: 2, connections: 256, size: 16_384 });
    const metrics = await (await fetch(urlOf(lab, "/metrics"))).text();
    for (const protocol of ["http", "tcp", "udp"])
      expect(metrics).toContain(`packets_total{protocol="${protocol}"} 50\n`);
    expect((await fetch(urlOf(lab, "/runs/1"), { method: "DELETE" })).status).toBe(200);
    expect((await fetch(urlOf(lab, "/runs/1"))).status).toBe(404);
  }, 30_000);

  test("a lab that stops does not leave its run behind", async () => {
    const lab = await startTestLab();
    await post(lab, { ...RUN, seconds: 60 });
    const children = () => Bun.spawnSync(["ps", "-o", "pid=,args=", "--ppid", String(process.pid)]).stdout.toString();
    await until(() => children().includes("runs/child.ts"), "the run's process");
    await lab.stop();
    await until(() => !children().includes("runs/child.ts"), "the end of the run's process");
  }, 20_000);
});
