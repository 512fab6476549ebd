/** Which response times the delays of the load generator itself falsify. */
import { expect, test } from "bun:test";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { falsifiedBy } from "../../../src/load/report/lateness.ts";

/** What falsifies a run of 1,000 packets, whose times, lateness and reading delays in ms follow from their index. */
function judged(
  time: (index: number) => number,
  late: (index: number) => number,
  { waited = (_index: number): number => 0, intervals = {}, answered = 1000 } = {},
) {
  const recorder = new Recorder();
  for (let index = 0; index < answered; index++) {
    const own = late(index) + waited(index);
    recorder.recordTimes(time(index) + own, time(index), late(index));
    recorder.recordUndelayed(waited(index));
  }
  return falsifiedBy({ values: recorder.response, undelayed: recorder.undelayed, packets: 1000, intervals });
}

test("delays of up to 1 ms falsify nothing", () => {
  for (const ms of [0, 0.5, 0.99]) {
    expect(
      judged(
        () => 0.2,
        () => ms,
      ),
    ).toBe(undefined);
  }
});

test("delays of up to a tenth of a percentile falsify nothing", () => {
  expect(
    judged(
      () => 46,
      () => 5,
    ),
  ).toBe(undefined);
  expect(
    judged(
      () => 40,
      () => 5,
    )?.name,
  ).toBe("p50");
});

test("packets that are late together falsify the percentiles among them, and no lower one", () => {
  const found = judged(
    () => 0.2,
    (index) => (index % 10 === 0 ? 50 : 0),
  );
  expect(found?.name).toBe("p95");
  expect(found?.value).toBeCloseTo(0.0502, 4);
  expect(found?.added).toBeCloseTo(0.05, 4);
  expect(found?.allowed).toBeCloseTo(0.00502, 5);
});

test("lateness of packets that are not the slow ones falsifies nothing", () => {
  // Every 20th answer takes 80 ms; other packets, 5 % of all, are sent 12 ms late.
  const time = (index: number) => (index % 20 === 0 ? 80 : 0.2);
  expect(judged(time, (index) => (index % 20 === 1 && index > 100 ? 12 : 0))?.name).not.toBe("p99");
});

test("fewer packets than a percentile leaves above it falsify nothing: 0.3 % of 1,000, by 80 ms", () => {
  const late = (index: number) => (index % 333 === 5 ? 80 : 0.01);
  expect(judged((index) => 0.2 + (index % 100) / 100, late)).toBe(undefined);
});

test("the time that answers wait to be read counts as the lateness of sending does", () => {
  const waited = (index: number) => (index % 10 === 0 ? 30 : 0);
  expect(
    judged(
      () => 0.2,
      () => 0,
      { waited },
    )?.added,
  ).toBeCloseTo(0.03, 4);
});

test("what the interval of a percentile covers is allowed", () => {
  const time = (index: number) => 1 + index / 20;
  const late = (index: number) => (index >= 940 ? 12 : 0);
  // Without the lateness p95 is 48.5 ms and p99 50.5 ms, with it 60.5 ms and 62.5 ms.
  expect(judged(time, late)?.name).toBe("p99");
  expect(judged(time, late, { intervals: { p95: [0.04, 0.09], p99: [0.045, 0.09] } })).toBe(undefined);
  expect(judged(time, late, { intervals: { p95: [0.055, 0.09], p99: [0.045, 0.09] } })?.name).toBe("p95");
});

test("a percentile over the timeout is not judged", () => {
  const late = (index: number) => (index < 45 ? 50 : 0);
  expect(judged(() => 0.2, late, { answered: 940 })).toBe(undefined);
  expect(judged(() => 0.2, late, { answered: 1000 })?.name).toBe("p99");
});
