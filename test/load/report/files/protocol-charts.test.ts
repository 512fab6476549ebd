import { expect, test } from "bun:test";
import { PROTOCOLS, REGISTRY } from "../../../../src/base/protocol.ts";
import { Histogram } from "../../../../src/load/measure/histograms/histogram.ts";
import { renderHtml } from "../../../../src/load/report/files/html.ts";
import { protocolCharts } from "../../../../src/load/report/files/protocol-charts.ts";
import type { CompletedRun } from "../../../../src/load/report/files/run-charts.ts";
import { EMPTY_SNAPSHOT, reportOf } from "../../support/reports.ts";

/** A run of each protocol, with 200 response times up to 1 ms times its number from 1. */
const runs = PROTOCOLS.map((protocol, index): CompletedRun => {
  const response = new Histogram();
  for (let part = 1; part <= 200; part++) response.record(((index + 1) * part) / 200);
  const timeline = [1, 2].map((seconds) => ({ ...EMPTY_SNAPSHOT, protocol, seconds, p50: (index + 1) / 2000 }));
  const report = { ...reportOf(200, 0, 1), protocol };
  return { report, response, service: response, timeline, timeoutSeconds: 2 };
});

test("all protocols are in one chart by percentile and one over time, each with its look", () => {
  const [percentiles, overTime] = protocolCharts(runs);
  expect(percentiles?.series.map(({ name, style }) => [name, style])).toEqual(
    PROTOCOLS.map((protocol) => [`${REGISTRY[protocol].look.shape} ${REGISTRY[protocol].title}`, `p-${protocol}`]),
  );
  for (const [index, { points }] of overTime?.series.entries() ?? []) {
    expect(points).toEqual([1, 2].map((seconds) => [seconds, (index + 1) / 2000]));
    expect(percentiles?.series[index]?.points.at(-1)?.[1]).toBeCloseTo(((index + 1) / 1000) * 0.98, 3);
  }
});

test("one protocol and repeated runs have no such charts", () => {
  expect(protocolCharts(runs.slice(0, 1))).toEqual([]);
  const repeated = runs.map((run) => ({ ...run, report: { ...run.report, repetition: { index: 1, of: 2 } } }));
  expect(protocolCharts(repeated)).toEqual([]);
});

test("the page draws each with the dash pattern and the shape of the registry", () => {
  const html = renderHtml(runs);
  for (const protocol of PROTOCOLS) {
    const { shape, dash } = REGISTRY[protocol].look;
    expect(html).toContain(`<path class="line p-${protocol}"`);
    expect(html).toMatch(new RegExp(`<text class="dot p-${protocol}"[^>]*>${shape}</text>`));
    if (dash.length > 0)
      expect(html).toContain(`.line.p-${protocol} { stroke: var(--p); stroke-dasharray: ${dash.join(" ")};`);
  }
});
