import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { list, readJson, readYaml, run, type Tree, text, tree } from "./files.ts";

const NAMES = ["wirelab", "wirelab-internals"] as const;
const KINDS = ["row", "timeseries", "stat", "heatmap", "state-timeline", "table", "text"];

async function panels(name: string): Promise<readonly Tree[]> {
  return list((await readJson(`grafana/dashboards/${name}.json`)).panels).map(tree);
}

/** The ids of Grafana's units. */
const UNITS: readonly unknown[] = Object.values(units);

/** The panels that show data. */
async function charts(name: string): Promise<readonly Tree[]> {
  return (await panels(name)).filter(({ type }) => type !== "row" && type !== "text");
}

function expressions(panel: Tree): readonly string[] {
  return list(panel.targets).map((target) => text(tree(target).expr));
}

describe.each([...NAMES])("the dashboard %s", (name) => {
  test("has the head that links and provisioning count on", async () => {
    const dashboard = await readJson(`grafana/dashboards/${name}.json`);
    expect(dashboard.uid).toBe(name);
    expect(dashboard.id).toBeUndefined(); // Grafana gives the number; one from elsewhere would clash
    expect(dashboard.schemaVersion).toBe(42);
    expect(dashboard.tags).toEqual(["wirelab"]);
    expect(text(dashboard.description)).not.toBe("");
  });

  test("numbers its panels, each id once", async () => {
    const ids = (await panels(name)).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  test("lays its panels out without overlap, within 24 columns", async () => {
    const taken = new Set<string>();
    for (const { gridPos } of await panels(name)) {
      const { x, y, w, h } = tree(gridPos);
      expect([x, y, w, h].every((n) => Number.isInteger(n))).toBe(true);
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(24);
      for (let column = Number(x); column < Number(x) + Number(w); column++) {
        for (let line = Number(y); line < Number(y) + Number(h); line++) {
          expect(taken.has(`${column} ${line}`)).toBe(false);
          taken.add(`${column} ${line}`);
        }
      }
    }
  });

  test("says on each panel what it shows, in which unit, and when to worry", async () => {
    const titles = new Set<string>();
    for (const panel of await charts(name)) {
      const { unit, thresholds } = tree(tree(panel.fieldConfig).defaults);
      const [first, ...rest] = list(tree(thresholds).steps).map(tree);
      expect(KINDS).toContain(text(panel.type));
      expect(text(panel.description).length).toBeGreaterThan(30);
      expect(UNITS).toContain(text(unit));
      expect(first?.value).toBeNull(); // the step that every value is above
      expect(rest.every((step, i) => Number(step.value) >= Number(rest[i - 1]?.value ?? 0))).toBe(true);
      expect(titles.has(text(panel.title))).toBe(false);
      titles.add(text(panel.title));
    }
  });

  test("asks the data source that the reader chose, each query under its own letter", async () => {
    for (const panel of await charts(name)) {
      const targets = list(panel.targets).map(tree);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { datasource } of [panel, ...targets]) {
        expect(datasource).toEqual({ type: "prometheus", uid: "$datasource" });
      }
    }
  });

  test("takes rates over $__rate_interval, never over a fixed window", async () => {
    const all = (await charts(name)).flatMap(expressions);
    const windows = all.flatMap((expr) => [...expr.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]));
    expect(windows.length).toBeGreaterThan(10);
    expect(new Set(windows)).toEqual(new Set(["$__rate_interval"]));
  });

  test("lets the reader pick labs and protocols, all of them at first", async () => {
    const { templating } = await readJson(`grafana/dashboards/${name}.json`);
    const variables = list(tree(templating).list).map(tree);
    expect(variables.map((variable) => variable.name)).toEqual(["datasource", "instance", "protocol"]);
    expect(variables.map(({ current }) => tree(current).value)).toEqual(["wirelab-prometheus", ["$__all"], ["$__all"]]);
    expect(variables.map(({ includeAll }) => includeAll)).toEqual([false, true, true]);
    expect(variables[2]?.query).toBe("http,tcp,udp");
  });

  test("marks changed faults, and tells them from restarts", async () => {
    const { annotations } = await readJson(`grafana/dashboards/${name}.json`);
    const [changed = "", restarted = ""] = list(tree(annotations).list).map((mark) =>
      text(tree(tree(mark).target).expr),
    );
    expect(changed).toContain("changes(wirelab_impairment_changes_total{");
    expect(changed).toContain("- resets(wirelab_impairment_changes_total{");
    expect(restarted).toContain("process_start_time_seconds");
  });
});

test("the old project's panel is there", async () => {
  const [panel] = (await panels("wirelab")).filter(({ title }) => title === "Average Response Time (per Protocol)");
  expect(panel && expressions(panel)[0]).toMatch(/response_time_seconds_sum.*\n\/\n.*response_time_seconds_count/);
  expect(tree(tree(panel?.fieldConfig).defaults).unit).toBe("s");
});

test("percentiles and heatmaps are repeated for each protocol", async () => {
  const repeated = (await panels("wirelab")).filter(({ repeat }) => repeat === "protocol");
  expect(repeated.map(({ type }) => type)).toEqual(["timeseries", "heatmap"]);
});

test("the provisioned data source has the uid that the dashboards start from", async () => {
  const { datasources } = await readYaml("grafana/provisioning/datasources/prometheus.yml");
  expect(list(datasources).map((source) => [tree(source).uid, tree(source).type])).toEqual([
    ["wirelab-prometheus", "prometheus"],
  ]);
});

test("the provider reads the folder that compose mounts", async () => {
  const { providers } = await readYaml("grafana/provisioning/dashboards/wirelab.yml");
  const [provider] = list(providers).map(tree);
  const { services } = await readYaml("compose.yml");
  const mounts = list(tree(tree(services).grafana).volumes).map(text);
  expect(mounts).toContain(`./grafana/dashboards:${text(tree(provider?.options).path)}:ro`);
});

describe("the drift check", () => {
  test("finds the committed dashboards up to date", () => {
    expect(run(["bun", "scripts/dashboards.ts", "--check"]).status).toBe(0);
  });

  test("ends with 1 and names the file that differs, writing nothing", async () => {
    const directory = await mkdtemp(join(tmpdir(), "wirelab-dashboards-"));
    await using _clean = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    expect(run(["bun", "scripts/dashboards.ts", "--directory", directory]).status).toBe(0);
    const file = join(directory, "wirelab.json");
    const edited = (await Bun.file(file).text()).replace("Drop ratio", "Drop  ratio");
    await Bun.write(file, edited);
    const { status, output } = run(["bun", "scripts/dashboards.ts", "--check", "--directory", directory]);
    expect(status).toBe(1);
    expect(output).toContain(`${file}: differs`);
    expect(output).toContain("wirelab-internals.json: up to date");
    expect(await Bun.file(file).text()).toBe(edited);
  });
});
