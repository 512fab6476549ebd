import { expect, test } from "bun:test";
import { Handshakes } from "../../../src/load/measure/handshakes.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { compareReports } from "../../../src/load/report/comparison/compare.ts";
import { jsonOf, readReports } from "../../../src/load/report/files/json.ts";
import { handshakesOf } from "../../../src/load/report/report-handshakes.ts";
import { renderReport } from "../../../src/load/report/text/text.ts";
import { recorderOf, reportOn } from "../support/reports.ts";

/** 20 full TLS handshakes of 1 to 20 ms after TCP of 0.1 ms, 5 resumed ones of 0.5 ms, one failure. */
function handshakes(): Handshakes {
  const made = new Handshakes();
  for (let ms = 1; ms <= 20; ms++) {
    made.record("tcp", 0.1, false);
    made.record("tls", ms, false);
  }
  for (let index = 0; index < 5; index++) made.record("tls", 0.5, true);
  made.failed("ERR_TLS_CERT_ALTNAME_INVALID");
  return made;
}

function reportWith(made: Handshakes) {
  const recorder = recorderOf([1, 2, 3]);
  Object.assign(recorder.counts, { planned: 3, sent: 3, answered: 3 });
  return reportOn(Object.assign(recorder, { handshakes: made }));
}

test("a report has the times of full and of resumed handshakes by kind", () => {
  const made = handshakesOf(handshakes());
  expect(made?.tcp?.full).toMatchObject({ count: 20, min: 0.0001, max: 0.0001 });
  expect(made?.tls?.full).toMatchObject({ count: 20, min: 0.001, max: 0.02, p99: null });
  expect(made?.tls?.full.p50).toBeCloseTo(0.01, 5);
  expect(made?.tls?.full.mean).toBeCloseTo(0.0105, 6);
  expect(made?.tls?.resumed).toMatchObject({ count: 5, max: 0.0005 });
  expect(made?.quic).toBe(null);
  expect(made?.failed).toEqual({ ERR_TLS_CERT_ALTNAME_INVALID: 1 });
  expect(handshakesOf(new Handshakes())).toBe(null);
});

test("the text has a row for each kind, and a note with the counts and the failures", () => {
  const lines = renderReport([reportWith(handshakes())], { columns: 120, colour: false }).split("\n");
  const at = lines.indexOf("handshake");
  expect(lines.slice(at + 1, at + 4).map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
    "TCP",
    "TLS",
    "TLS resumed",
  ]);
  expect(lines).toContain("handshakes, with those of the warm-up: 20 TCP, 20 TLS, 5 TLS resumed");
  expect(lines).toContain("handshakes that failed: ERR_TLS_CERT_ALTNAME_INVALID × 1");
});

test("reports keep them as JSON; those of older versions have none", () => {
  const report = reportWith(handshakes());
  expect(readReports(jsonOf([report]))?.[0]?.handshakes).toEqual(report.handshakes);
  const { handshakes: _, ...older } = report;
  expect(readReports(JSON.stringify(older))?.[0]?.handshakes).toBe(null);
});

test("a comparison has the mean of each kind that both sides have", () => {
  const slower = new Handshakes();
  slower.record("tls", 21, false);
  const changes = compareReports([reportWith(handshakes())], [reportWith(slower)]);
  expect(changes.slice(-1)).toMatchObject([
    { name: "TLS handshake", before: "10.5 ms", after: "21 ms", change: "+100 %" },
  ]);
  expect(compareReports([reportWith(slower)], [reportWith(new Handshakes())]).map(({ name }) => name)).not.toContain(
    "TLS handshake",
  );
});

test("a warm-up records its handshakes for the run", () => {
  const run = new Recorder();
  new Recorder(run.handshakes).handshakes.record("tcp", 1, false);
  expect(run.handshakes.of("tcp")?.full.count).toBe(1);
});
