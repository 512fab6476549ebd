/** Every PromQL expression of the dashboards and rules, each with its location. */
import { PROTOCOLS } from "../../src/base/protocol.ts";
import { list, readJson, readYaml, text, tree } from "./files.ts";

/** One expression and its location. */
export interface Expression {
  /** Such as `wirelab / Drop ratio / A`. */
  readonly where: string;
  readonly expr: string;
}

async function ofDashboard(name: string): Promise<readonly Expression[]> {
  const { panels, annotations, templating } = await readJson(`grafana/dashboards/${name}.json`);
  const queries = list(panels).flatMap((panel) =>
    list(tree(panel).targets).map((target) => ({
      where: `${name} / ${text(tree(panel).title)} / ${text(tree(target).refId)}`,
      expr: text(tree(target).expr),
    })),
  );
  const annotated = list(tree(annotations).list).map((annotation) => ({
    where: `${name} / annotation ${text(tree(annotation).name)}`,
    expr: text(tree(tree(annotation).target).expr),
  }));
  const choices = list(tree(templating).list).flatMap((variable) => {
    const selector = /^label_values\((.*),\s*\w+\)$/.exec(text(tree(tree(variable).query).query))?.[1];
    return selector === undefined ? [] : [{ where: `${name} / variable ${text(tree(variable).name)}`, expr: selector }];
  });
  return [...queries, ...annotated, ...choices];
}

/** The dashboards' expressions: panels, annotations and variables. */
export async function dashboardExpressions(): Promise<readonly Expression[]> {
  return (await Promise.all(["wirelab", "wirelab-internals"].map(ofDashboard))).flat();
}

/** The rules' expressions. */
export async function ruleExpressions(): Promise<readonly Expression[]> {
  const { groups } = await readYaml("prometheus.rules.yml");
  return list(groups).flatMap((group) =>
    list(tree(group).rules).map((rule, index) => {
      const { alert, record, expr } = tree(rule);
      const kind = alert === undefined ? `record ${text(record)}` : `alert ${text(alert)}`;
      return { where: `${text(tree(group).name)} / ${index + 1} / ${kind}`, expr: text(expr) };
    }),
  );
}

/** The expression as Grafana sends it for all protocols and for `instance`, with rates over `rateInterval`. */
export function filledIn(expr: string, rateInterval: string, instance = ".*"): string {
  return expr
    .replaceAll("$__rate_interval", rateInterval)
    .replaceAll("$instance", instance)
    .replaceAll("$protocol", `(${PROTOCOLS.join("|")})`);
}
