import { describe, expect, test } from "bun:test";
import { list, program, read, readYaml, run, type Tree, text, tree } from "./files.ts";

const promtool = program("promtool", "the checks of the Prometheus configuration and rules");

async function rules(): Promise<readonly Tree[]> {
  const { groups } = await readYaml("prometheus.rules.yml");
  return list(groups).flatMap((group) => list(tree(group).rules).map(tree));
}

describe("promtool", () => {
  test.skipIf(!promtool)("accepts the configuration and the rules", () => {
    const { status, output } = run([promtool ?? "", "check", "config", "prometheus.yml"]);
    expect(output).toContain("SUCCESS: 40 rules found");
    expect(status).toBe(0);
  });

  test.skipIf(!promtool)(
    "passes the tests of the rules",
    () => {
      const { status, output } = run([promtool ?? "", "test", "rules", "prometheus.rules.test.yml"]);
      expect(output).toContain("SUCCESS");
      expect(status).toBe(0);
    },
    60_000,
  );
});

describe("the rules", () => {
  test("have names of the form level:metric:operations", async () => {
    const records = (await rules()).flatMap(({ record }) => (record === undefined ? [] : text(record)));
    expect(records.length).toBeGreaterThan(20);
    for (const record of records) expect(record).toMatch(/^[a-z]+(_[a-z]+)*:[a-z0-9_]+:[a-z0-9_]+$/);
  });

  test("are each tested by value, and alerts both firing and not firing", async () => {
    const { tests } = await readYaml("prometheus.rules.test.yml");
    const cases = list(tests).map(tree);
    const expressions = cases.flatMap((each) =>
      list(each.promql_expr_test)
        .map(tree)
        .filter(({ exp_samples }) => list(exp_samples).length > 0)
        .map(({ expr }) => text(expr)),
    );
    const fired = (name: string) =>
      cases
        .flatMap((each) => list(each.alert_rule_test).map(tree))
        .filter(({ alertname }) => alertname === name)
        .map(({ exp_alerts }) => list(exp_alerts).length > 0);
    for (const { record, alert } of await rules()) {
      if (record !== undefined) expect(expressions.some((expr) => expr.includes(text(record)))).toBe(true);
      if (alert !== undefined) expect(fired(text(alert))).toContainValues([true, false]);
    }
  });

  test("have a severity, a summary, a description and a dashboard, if they are alerts", async () => {
    for (const { alert, labels, annotations } of await rules()) {
      if (alert === undefined) continue;
      expect(tree(labels).severity).toBeOneOf(["page", "ticket"]);
      expect(text(tree(annotations).summary)).not.toBe("");
      expect(text(tree(annotations).description)).not.toBe("");
      expect(text(tree(annotations).dashboard)).toBeOneOf(["/d/wirelab", "/d/wirelab-internals"]);
    }
  });
});

describe("prometheus.yml", () => {
  test("discovers labs and clients by DNS name, with one target per address", async () => {
    const { scrape_configs } = await readYaml("prometheus.yml");
    const found = list(scrape_configs).map((job) => {
      const [dns] = list(tree(job).dns_sd_configs).map(tree);
      return [tree(job).job_name, list(dns?.names)[0], dns?.type, dns?.port];
    });
    expect(found).toEqual([
      ["wirelab", "lab", "A", 5000],
      ["wirelab-traffic", "traffic", "A", 9464],
      ["prometheus", undefined, undefined, undefined],
    ]);
  });

  test("has the scrape interval of the data source, from which Grafana computes $__rate_interval", async () => {
    const { global } = await readYaml("prometheus.yml");
    const { datasources } = await readYaml("grafana/provisioning/datasources/prometheus.yml");
    const [source] = list(datasources).map(tree);
    expect(tree(source?.jsonData).timeInterval).toBe(tree(global).scrape_interval);
    expect(await read("compose.yml")).toContain("--metrics-port=9464");
  });
});
