import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as units from "@grafana/grafana-foundation-sdk/units";
import { CLASSICS, PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { list, readJson, readYaml, run, type Tree, text, tree } from "./files.ts";

const NAMES = ["wirelab", "wirelab-internals"] as const;
const KINDS = ["row", "timeseries", "stat", "heatmap", "state-timeline", "table", "text"];

async function panels(name: string): Promise<readonly Tree[]> {
  return list((await readJson(`grafana/dashboards/${name}.json`)).panels).map(tree);
}

/** The ids of Grafana's units. */
const UNITS: readonly unknown[] = Object.values(units);

/** Panels that show data. */
async function charts(name: string): Promise<readonly Tree[]> {
  return (await panels(name)).filter(({ type }) => type !== "row" && type !== "text");
}

function expressions(panel: Tree): readonly string[] {
  return list(panel.targets).map((target) => text(tree(target).expr));
}

describe.each([...NAMES])("the dashboard %s", (name) => {
  test("has the properties that links and provisioning require", async () => {
    const dashboard = await readJson(`grafana/dashboards/${name}.json`);
    expect(dashboard.uid).toBe(name);
    expect(dashboard.id).toBeUndefined(); // assigned by Grafana; a fixed one could conflict
    expect(dashboard.schemaVersion).toBe(42);
    expect(dashboard.tags).toEqual(["wirelab"]);
    expect(text(dashboard.description)).not.toBe("");
  });

  test("numbers its panels from 1, in order", async () => {
    const ids = (await panels(name)).map(({ id }) => id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
  });

  test("places its panels without overlap, within 24 columns", async () => {
    const occupied = new Set<string>();
    for (const { gridPos } of await panels(name)) {
      const { x, y, w, h } = tree(gridPos);
      expect([x, y, w, h].every((n) => Number.isInteger(n))).toBe(true);
      expect(Number(x) + Number(w)).toBeLessThanOrEqual(24);
      for (let column = Number(x); column < Number(x) + Number(w); column++) {
        for (let line = Number(y); line < Number(y) + Number(h); line++) {
          expect(occupied.has(`${column} ${line}`)).toBe(false);
          occupied.add(`${column} ${line}`);
        }
      }
    }
  });

  test("has a unique title, a description, a unit and thresholds on each panel", async () => {
    const titles = new Set<string>();
    for (const panel of await charts(name)) {
      const { unit, thresholds } = tree(tree(panel.fieldConfig).defaults);
      const [first, ...rest] = list(tree(thresholds).steps).map(tree);
      expect(KINDS).toContain(text(panel.type));
      expect(text(panel.description).length).toBeGreaterThan(30);
      expect(UNITS).toContain(text(unit));
      expect(first?.value).toBeNull(); // the base step, which has no lower bound
      expect(rest.every((step, i) => Number(step.value) >= Number(rest[i - 1]?.value ?? 0))).toBe(true);
      expect(titles.has(text(panel.title))).toBe(false);
      titles.add(text(panel.title));
    }
  });

  test("queries the selected data source, each query with its own letter", async () => {
    for (const panel of await charts(name)) {
      const targets = list(panel.targets).map(tree);
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { datasource } of [panel, ...targets]) {
        expect(datasource).toEqual({ type: "prometheus", uid: "$datasource" });
      }
    }
  });

  test("computes rates over $__rate_interval only", async () => {
    const all = (await charts(name)).flatMap(expressions);
    const windows = all.flatMap((expr) => [...expr.matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]));
    expect(windows.length).toBeGreaterThan(10);
    expect(new Set(windows)).toEqual(new Set(["$__rate_interval"]));
  });

  test("has variables for data source, labs and protocols, by default all labs and the three classic protocols", async () => {
    const { templating } = await readJson(`grafana/dashboards/${name}.json`);
    const variables = list(tree(templating).list).map(tree);
    expect(variables.map((variable) => variable.name)).toEqual(["datasource", "instance", "protocol"]);
    expect(variables.map(({ current }) => tree(current).value)).toEqual([
      "wirelab-prometheus",
      ["$__all"],
      [...CLASSICS],
    ]);
    expect(variables.map(({ includeAll }) => includeAll)).toEqual([false, true, true]);
    expect(tree(variables[2]?.query).query).toBe('label_values(packets_total{job="wirelab"},protocol)');
    expect(variables[2]?.multi).toBe(true);
  });

  test("draws each protocol with its shape, colour and dash pattern of the registry", async () => {
    let panelsWithLooks = 0;
    for (const panel of await charts(name)) {
      const overrides = list(tree(panel.fieldConfig).overrides).map(tree);
      const ofName = (text: string) => {
        const override = overrides.find(({ matcher }) => tree(matcher).options === text);
        return Object.fromEntries(list(override?.properties).map((each) => [tree(each).id, tree(each).value]));
      };
      for (const target of list(panel.targets).map(tree)) {
        const rest = /^\{\{protocol\}\}([^{]*)$/.exec(text(target.legendFormat))?.[1];
        if (rest === undefined) continue;
        panelsWithLooks++;
        const isDashed = overrides.some(({ matcher }) => tree(matcher).id === "byFrameRefID");
        for (const protocol of PROTOCOLS) {
          const { shape, colors, dash } = REGISTRY[protocol].look;
          const own = ofName(`${protocol}${rest}`);
          expect(own.displayName).toBe(`${shape} ${protocol}${rest}`);
          if (panel.type === "stat") continue; // the colours are those of the thresholds
          expect(own.color).toEqual({ mode: "fixed", fixedColor: colors[1] });
          const pattern = dash.length > 0 && !isDashed ? { fill: "dash", dash: [...dash] } : undefined;
          expect(own["custom.lineStyle"]).toEqual(pattern);
        }
      }
    }
    expect(panelsWithLooks).toBeGreaterThan(3);
  });

  test("annotates changes of the faults and restarts separately", async () => {
    const { annotations } = await readJson(`grafana/dashboards/${name}.json`);
    const [changed = "", restarted = ""] = list(tree(annotations).list).map((annotation) =>
      text(tree(tree(annotation).target).expr),
    );
    expect(changed).toContain("changes(wirelab_impairment_changes_total{");
    expect(changed).toContain("- resets(wirelab_impairment_changes_total{");
    expect(restarted).toContain("process_start_time_seconds");
  });
});

test("the panel that the contract names exists", async () => {
  const [panel] = (await panels("wirelab")).filter(({ title }) => title === "Average Response Time (per Protocol)");
  expect(panel && expressions(panel)[0]).toMatch(/response_time_seconds_sum.*\n\/\n.*response_time_seconds_count/);
  expect(tree(tree(panel?.fieldConfig).defaults).unit).toBe("s");
});

test("percentiles and heatmaps repeat for each protocol", async () => {
  const repeated = (await panels("wirelab")).filter(({ repeat }) => repeat === "protocol");
  expect(repeated.map(({ type }) => type)).toEqual(["timeseries", "heatmap"]);
});

test("the provisioned data source has the default uid of the dashboards", async () => {
  const { datasources } = await readYaml("grafana/provisioning/datasources/prometheus.yml");
  expect(list(datasources).map((source) => [tree(source).uid, tree(source).type])).toEqual([
    ["wirelab-prometheus", "prometheus"],
  ]);
});

test("the provider reads the directory that compose.yml mounts", async () => {
  const { providers } = await readYaml("grafana/provisioning/dashboards/wirelab.yml");
  const [provider] = list(providers).map(tree);
  const { services } = await readYaml("compose.yml");
  const mounts = list(tree(tree(services).grafana).volumes).map(text);
  expect(mounts).toContain(`./grafana/dashboards:${text(tree(provider?.options).path)}:ro`);
});

describe("dashboards.ts --check", () => {
  test("accepts the committed dashboards", () => {
    expect(run(["bun", "scripts/dashboards.ts", "--check"]).status).toBe(0);
  });

  test("exits with 1, names the file that differs and writes nothing", async () => {
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
