/** Reads the lab's numbers as a Prometheus would: over HTTP, from the text. */
import type { Lab } from "../../src/lab.ts";
import { urlOf } from "./lab.ts";

/** Where the metrics are read from: a lab, or the port of one that runs in another process. */
export type Target = Lab | number;
type Labels = Readonly<Record<string, string>>;

/** The series of one scrape. */
export interface Series {
  /** The value of one series; throws where it does not exist, so that no test compares with nothing. */
  get(name: string, labels?: Labels): number;
  /** The sum of all series of that name whose labels include `labels`. */
  sum(name: string, labels?: Labels): number;
}

/** The text of `/metrics`, and what it says it is. */
export async function textOf(target: Target): Promise<{ readonly text: string; readonly contentType: string | null }> {
  const url = typeof target === "number" ? `http://127.0.0.1:${target}/metrics` : urlOf(target, "/metrics");
  const response = await fetch(url);
  return { text: await response.text(), contentType: response.headers.get("content-type") };
}

/** One scrape. */
export async function scrape(target: Target): Promise<Series> {
  const { text } = await textOf(target);
  const rows = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels, value]) => ({
    name,
    labels: new Map([...(labels ?? "").matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", text = ""]) => [label, text])),
    value: Number(value),
  }));
  const matching = (name: string, wanted: Labels) =>
    rows.filter(
      (row) => row.name === name && Object.entries(wanted).every(([key, text]) => row.labels.get(key) === text),
    );
  return {
    get(name, labels = {}) {
      const [row, second] = matching(name, labels);
      if (!row || second) throw new Error(`${row ? "more than one" : "no"} series ${name} ${JSON.stringify(labels)}`);
      return row.value;
    },
    sum: (name, labels = {}) => matching(name, labels).reduce((total, { value }) => total + value, 0),
  };
}

/** How often input of `protocol` was refused for `reason`. */
export async function rejected(target: Target, protocol: string, reason: string): Promise<number> {
  return (await scrape(target)).get("wirelab_rejected_total", { protocol, reason });
}
