import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dashboardExpressions, type Expression, filledIn, ruleExpressions } from "./expressions.ts";
import { list, program, type Tree, text, tree } from "./files.ts";
import type { Sample } from "./prometheus.ts";
import { type Scene, SENT, startScene } from "./scene.ts";
import { until } from "./wait.ts";

const binary = program("prometheus", "tests of every expression with a real Prometheus");

/** Expressions that have no result for a lab with normal traffic, with the reason. */
const EXPECTED_EMPTY: readonly (readonly [where: RegExp, why: string])[] = [
  [/annotation Lab restarted$/, "no lab restarts in this scene"],
  [/\/ Overflows of bounded structures \/ A$/, "no structure is full"],
  [/ \/ Upstreams not reached \/ B$/, "no relay is full"],
  [/alert WirelabRelayQueueDrops$/, "the rates of the relays are not reached"],
  [/alert WirelabLabAbsent$/, "Prometheus scrapes both labs"],
];

/** The same, for expressions that can have a result on an overloaded machine. */
const USUALLY_EMPTY: readonly (readonly [where: RegExp, why: string])[] = [
  [/alert WirelabLabDown$/, "both labs answer within the scrape timeout of 4 s"],
  [/alert WirelabTrafficDown$/, "the clients answer too"],
  [/alert WirelabSlowResponses$/, "delays are at most 0.3 s, the objective is 2.5 s"],
  [/alert WirelabRelayKernelDrops$/, "twenty datagrams at once do not fill a receive buffer"],
  [/alert WirelabUdpKernelDrops$/, "fifty packets per second do not fill a receive buffer"],
  [/alert WirelabHandshakesFail$/, "no handshake fails"],
  [/alert WirelabEventLoopLag$/, "fifty packets per second do not block the event loop"],
  [/alert WirelabEndsDisagree$/, "client and lab measure the same losses"],
];

function mayBeEmpty({ where }: Expression): boolean {
  return [...EXPECTED_EMPTY, ...USUALLY_EMPTY].some(([place]) => place.test(where));
}

/** Grafana's $__rate_interval for 15 minutes (four scrapes), and for 24 hours on a graph of 360 columns. */
const RATE_INTERVALS = ["20s", "245s"];

describe.skipIf(!binary)("with a real Prometheus, two labs and load runs", () => {
  let scene: Scene;
  let all: readonly Expression[] = [];
  let reports: Readonly<Record<string, Tree>> = {};
  const answers = new Map<string, readonly Sample[]>();

  /** The value of an expression with the busy lab selected on the dashboard. */
  const numberOf = async (expr: string, protocol: string): Promise<number> => {
    const lab = `127.0.0.1:${scene.labs.busy.ports.http}`;
    const samples = await scene.prometheus.query(filledIn(expr, "245s", lab));
    return samples.find(({ labels }) => labels.protocol === protocol)?.value ?? Number.NaN;
  };
  const panel = (where: string): string => all.find((each) => each.where === where)?.expr ?? "";
  const reported = (protocol: string, ...path: string[]): number => {
    let branch = reports[protocol] ?? {};
    for (const step of path.slice(0, -1)) branch = tree(branch[step]);
    return Number(branch[path.at(-1) ?? ""]);
  };

  beforeAll(async () => {
    scene = await startScene(binary ?? "");
    all = [...(await dashboardExpressions()), ...(await ruleExpressions())];
  }, 60_000);
  afterAll(() => scene[Symbol.asyncDispose]());

  test("every expression parses and has finite values", async () => {
    const missing = new Set(all.filter((each) => !mayBeEmpty(each)));
    await until("data for every expression", 90, async () => {
      await scene.disturb();
      for (const each of all) {
        const found = await Promise.all(RATE_INTERVALS.map((i) => scene.prometheus.query(filledIn(each.expr, i))));
        if (found.every((samples) => samples.some(({ value }) => Number.isFinite(value)))) missing.delete(each);
        answers.set(each.where, found[0] ?? []);
      }
      if (missing.size === 0) return true;
      console.log(`waiting for ${missing.size} of ${all.length} expressions`);
      await Bun.sleep(2000);
      return undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${[...missing].map(({ where }) => where).join("; ")}`);
    });
    expect(all.length).toBeGreaterThan(100);
  }, 120_000);

  test("expressions that are expected to be empty exist and are empty", () => {
    for (const [place] of USUALLY_EMPTY) expect(all.some(({ where }) => place.test(where))).toBe(true);
    for (const [place, why] of EXPECTED_EMPTY) {
      const places = all.filter(({ where }) => place.test(where));
      expect(places.length).toBeGreaterThan(0);
      for (const { where } of places) expect([where, why, answers.get(where)]).toEqual([where, why, []]);
    }
  });

  test("Prometheus evaluates every rule without an error", async () => {
    const { groups } = await scene.prometheus.api("rules");
    const rules = list(groups).flatMap((group) => list(tree(group).rules).map(tree));
    expect(rules.length).toBe(40);
    for (const { name, health, lastError } of rules) expect([name, health, lastError ?? ""]).toEqual([name, "ok", ""]);
  });

  test("the client's series equal its report, within three packets of 1,801", async () => {
    reports = await scene.finish();
    // The last packet is sent after the last scrape, and a counter cannot decrease when a lost packet becomes late.
    for (const protocol of SENT) {
      const last = (series: string) => numberOf(`sum by (protocol) (last_over_time(${series}[5m]))`, protocol);
      for (const column of ["sent", "answered", "lost", "late", "failed", "corrupt"]) {
        const behind = reported(protocol, "packets", column) - (await last(`wirelab_load_${column}_total`));
        expect(behind, `${protocol} ${column}`).toBeWithin(-3, 4);
      }
      for (const [series, name] of [
        ["wirelab_load_response_time_seconds", "responseTime"],
        ["wirelab_load_service_time_seconds", "serviceTime"],
      ] as const) {
        const mean = (await last(`${series}_sum`)) / (await last(`${series}_count`));
        expect(Math.abs(mean / reported(protocol, name, "mean") - 1)).toBeLessThan(0.02);
      }
    }
  }, 60_000);

  test("the lab's counters equal the report exactly", async () => {
    for (const protocol of SENT) {
      const sent = reported(protocol, "packets", "sent");
      const counted = (series: string) => numberOf(`${series}{instance="$instance"}`, protocol);
      await until(`the last scrape of ${protocol}`, 15, async () =>
        (await counted("packets_total")) >= sent ? true : undefined,
      );
      expect(await counted("packets_total")).toBe(sent);
      expect(await counted("dropped_packets_total")).toBe(reported(protocol, "packets", "lost"));
    }
  }, 60_000);

  test("the drop ratio equals the report's loss ratio, within 0.001", async () => {
    for (const protocol of SENT) {
      const ratio = await numberOf(panel("wirelab / Drop ratio / A"), protocol);
      expect(Math.abs(ratio - reported(protocol, "loss", "ratio"))).toBeLessThan(0.001);
    }
  });

  // The report's server time ends before the answer is sent, and its service time at the client.
  test("average response times are between the report's server and service times, within 10 %", async () => {
    for (const protocol of SENT) {
      const mean = await numberOf(panel("wirelab / Average Response Time (per Protocol) / A"), protocol);
      expect(mean).toBeGreaterThan(0.9 * reported(protocol, "serverTime", "mean"));
      expect(mean).toBeLessThan(1.1 * reported(protocol, "serviceTime", "mean"));
    }
  });

  test("percentiles are between them too, within the width of a bucket", async () => {
    const bucket = 2.5; // largest ratio of upper to lower bound
    for (const protocol of SENT) {
      for (const [letter, name] of [
        ["A", "p50"],
        ["B", "p90"],
        ["C", "p99"],
      ] as const) {
        const quantile = await numberOf(panel(`wirelab / Response time percentiles: $protocol / ${letter}`), protocol);
        expect(quantile).toBeGreaterThan(reported(protocol, "serverTime", name) / bucket);
        // The report's percentiles are over all packets sent, those of the series over the answered ones.
        const service = reported(protocol, "serviceTime", name);
        if (service > 0) expect(quantile).toBeLessThan(service * bucket);
      }
    }
  });

  test("the alert of a lab that stops is pending", async () => {
    await scene.labs.idle.stop();
    await until("the alert to be pending", 20, async () => {
      const [alert] = await scene.prometheus.query('ALERTS{alertname="WirelabLabDown",alertstate="pending"}');
      return alert?.labels.instance === `127.0.0.1:${scene.labs.idle.ports.http}` ? true : undefined;
    });
  }, 30_000);

  afterAll(async () => {
    const path = process.env.WIRELAB_EXPRESSIONS_FILE;
    if (path === undefined) return;
    const shown = (samples: readonly Sample[]) =>
      samples.slice(0, 3).map(({ labels, value }) => `${text(labels.protocol)} ${Number(value.toPrecision(3))}`.trim());
    const rows = [...answers].map(
      ([where, samples]) => `| ${where} | ${samples.length} | ${shown(samples).join(", ")} |`,
    );
    await Bun.write(path, `| expression | series | values |\n|---|---|---|\n${rows.join("\n")}\n`);
  });
});
