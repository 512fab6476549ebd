/** Reads the metrics of a lab over HTTP, from the text format. */
import type { Lab } from "../../src/lab.ts";
import { urlOf } from "./lab.ts";

/** The lab to read from, or its HTTP port if it runs in another process. */
export type Target = Lab | number;
type Labels = Readonly<Record<string, string>>;

/** The series of one scrape. */
export interface Series {
  /** The value of one series; throws if it does not exist or is not unique. */
  get(name: string, labels?: Labels): number;
  /** The sum of all series of that name whose labels include `labels`. */
  sum(name: string, labels?: Labels): number;
}

/** The text of `/metrics` and its content type. */
export async function textOf(target: Target): Promise<{ readonly text: string; readonly contentType: string | null }> {
  const url = typeof target === "number" ? `http://127.0.0.1:${target}/metrics` : urlOf(target, "/metrics");
  const response = await fetch(url);
  return { text: await response.text(), contentType: response.headers.get("content-type") };
}

/** Scrapes the metrics once. */
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

/** The number of inputs of `protocol` rejected for `reason`, of a scrape. */
export function rejectedIn(series: Series, protocol: string, reason: string): number {
  return series.get("wirelab_rejected_total", { protocol, reason });
}

/** The number of inputs of `protocol` rejected for `reason`. */
export async function rejected(target: Target, protocol: string, reason: string): Promise<number> {
  return rejectedIn(await scrape(target), protocol, reason);
}

/** The octets that the connections hold together, of a scrape. */
export function heldIn(series: Series): number {
  return series.get("wirelab_bounded_size", { structure: "tcp-bytes" });
}
