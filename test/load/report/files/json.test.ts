import { expect, test } from "bun:test";
import { jsonOf, readReports } from "../../../../src/load/report/files/json.ts";
import { reportOf } from "../../support/reports.ts";

const report = reportOf(100, 10, 1);

test("one report is an object, several are an array, and both are read back", () => {
  expect(JSON.parse(jsonOf([report]))).toMatchObject({ schema: "wirelab.run/2", packets: { sent: 100, lost: 10 } });
  for (const reports of [[report], [report, report]]) expect(readReports(jsonOf(reports))).toEqual(reports);
});

test("a report of the present schema that was made before p95 existed is read with null for it", () => {
  const written = JSON.stringify(report).replaceAll(/"p95":(?:null|[\d.e-]+),/g, "");
  const [read] = readReports(written) ?? [];
  expect(report.responseTime.p95 ?? report.responseTime.over.p95).toBeDefined();
  expect(read?.responseTime).toEqual({ ...report.responseTime, p95: null });
  expect([read?.serviceTime.p95, read?.serverTime.p95, read?.oneWay.up.p95]).toEqual([null, null, null]);
});

test("any other text is not a report", () => {
  for (const text of ["", "{}", "[]", "null", '{"schema":"wirelab.run/9"}', `[${jsonOf([report])},{}]`]) {
    expect(readReports(text)).toBe(undefined);
  }
});

test("a report of the first schema is completed: without intervals, and with one-way times that are not comparable", () => {
  const { clockSteps: _steps, reflectorClock: _clock, receiveDelay: _delay, ...first } = report;
  const { plan: _plan, host: _host, ended: _ended, ...rest } = first;
  const { drift: _drift, ...oneWay } = report.oneWay;
  const { rfc3550Mean: _mean, up: _up, down: _down, ...jitter } = report.jitter;
  const { packets: _packets, p95: _p95, over: _over, noInterval: _none, ...times } = report.responseTime;
  const written = {
    ...rest,
    schema: "wirelab.run/1",
    loss: { ratio: 0.1, low: 0.06, high: 0.17, method: "wilson95" },
    responseTime: { ...times, intervals: { p50: [0.0005, 0.0009] } },
    oneWay: { ...oneWay, comparable: true },
    jitter,
  };
  const [read] = readReports(JSON.stringify(written)) ?? [];
  expect(read).toMatchObject({
    schema: "wirelab.run/2",
    ended: null,
    loss: { ratio: 0.1, low: null, high: null, reason: "earlier schema" },
    responseTime: { p50: times.p50, p95: null, packets: 90, intervals: {}, noInterval: { p50: "earlier schema" } },
    oneWay: { comparable: false, drift: null },
    jitter: { rfc3550Mean: null, up: null },
  });
});
