/** The charts of a run: times by percentile and over time, the histogram of the response time, losses over time. */
import { formatCount, formatSeconds, formatShare } from "../../../base/format.ts";
import { clamp } from "../../../base/numbers.ts";
import { REGISTRY } from "../../../base/protocol.ts";
import type { Histogram } from "../../measure/histograms/histogram.ts";
import type { IntervalSnapshot } from "../../measure/snapshot.ts";
import { quantileRanks } from "../../measure/statistics/estimates.ts";
import { rankOf } from "../../measure/statistics/rank.ts";
import type { RunReport } from "../report.ts";
import type { Chart, Point, Tick } from "./chart.ts";

/** A run that has ended: its report, and the data from which its charts are drawn. */
export interface CompletedRun {
  readonly report: RunReport;
  readonly response: Histogram;
  readonly service: Histogram;
  readonly timeline: readonly IntervalSnapshot[];
  /** Timeout of an answer, s. */
  readonly timeoutSeconds: number;
}

/** The charts, in the order of the page. */
export function chartsOf(run: CompletedRun): readonly Chart[] {
  return [percentileChart(run), responseTimeChart(run), histogramChart(run), lossChart(run)];
}

const PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999];
const TICK_PERCENTILES = [0, 50, 90, 99, 99.9, 99.99, 99.999];
const CURVE_STEPS = 40;

/** Position of a percentile on a logarithmic axis, where 90, 99, 99.9 … have equal distances. */
function positionOf(percent: number): number {
  return -Math.log10(1 - percent / 100);
}

/** What a mark at the upper edge of a chart of times is. */
function overText(timeoutSeconds: number): string {
  return `over the timeout of ${formatSeconds(timeoutSeconds)}`;
}

/** The position of the last percentile of a curve, and whether those after it are over the timeout. */
function endOfCurve(packets: number, answered: number): { readonly last: number; readonly isOver: boolean } {
  const supported = positionOf(
    PERCENTILES.findLast((percent) => quantileRanks(packets, percent / 100) !== undefined) ?? 0,
  );
  const limit = answered < packets ? positionOf((100 * answered) / packets) : Number.POSITIVE_INFINITY;
  return limit < supported ? { last: limit, isOver: true } : { last: supported, isOver: false };
}

/** The ticks of percentiles up to the end of the curve; where it is over the timeout after it, the end is one of them. */
function percentileTicks({ last, isOver }: ReturnType<typeof endOfCurve>): Tick[] {
  const ticks = TICK_PERCENTILES.map((percent) => ({ at: positionOf(percent), label: `${percent}` }));
  if (!isOver) return ticks.filter(({ at }) => at <= last);
  const end = { at: last, label: `${Number((100 * (1 - 10 ** -last)).toPrecision(3))}` };
  return [...ticks.filter(({ at }) => at < last * (1 - 1 / 12)), end];
}

/** Times by percentile of all packets sent, up to the last one with enough packets that is not over the timeout. */
function percentileChart({ response, service, report, timeoutSeconds }: CompletedRun): Chart {
  const { packets } = report.responseTime;
  const end = endOfCurve(packets, response.count);
  const points = (histogram: Histogram): Point[] => {
    if (histogram.count === 0) return [];
    const curve = Array.from({ length: CURVE_STEPS + 1 }, (_, step): Point => {
      const at = (end.last * step) / CURVE_STEPS;
      return [at, histogram.atRank(Math.min(histogram.count, rankOf(1 - 10 ** -at, packets))) ?? null];
    });
    return end.isOver ? [...curve, [end.last, Number.POSITIVE_INFINITY]] : curve;
  };
  return {
    title: "Times by percentile",
    xLabel: "percentile of all packets sent",
    yLabel: "time",
    series: [
      { name: "response time (from the intended send time)", points: points(response) },
      { name: "service time (from the actual send time)", points: points(service) },
    ],
    xTicks: percentileTicks(end),
    formatY: formatSeconds,
    infinite: overText(timeoutSeconds),
  };
}

function responseTimeChart({ timeline, timeoutSeconds }: CompletedRun): Chart {
  const points = (name: "p50" | "p99" | "max"): Point[] =>
    timeline.map((snapshot) => {
      const isOver = name !== "max" && snapshot.over[name] !== undefined;
      return [snapshot.seconds, isOver ? Number.POSITIVE_INFINITY : snapshot[name]];
    });
  return {
    title: "Response time over time",
    xLabel: "seconds from the start",
    yLabel: "response time",
    series: [
      { name: "p50", points: points("p50") },
      { name: "p99", points: points("p99") },
      { name: "max of the answers", points: points("max") },
    ],
    formatY: formatSeconds,
    infinite: overText(timeoutSeconds),
  };
}

const BARS = 48;
/** Ticks of a logarithmic time axis: 1, 2 and 5 in each decade from 100 ns. */
const TIME_TICKS = [1, 2, 5].flatMap((factor) =>
  Array.from({ length: 12 }, (_, decade): Tick => {
    const value = factor * 10 ** (decade - 7);
    return { at: Math.log10(value), label: formatSeconds(value) };
  }),
);

/** Bars of equal width on a logarithmic axis. */
function histogramChart({ response }: CompletedRun): Chart {
  const min = Math.log10(Math.max(1e-6, response.min ?? 1e-6));
  const max = Math.log10(Math.max(2e-6, response.max ?? 1)) + 1e-6;
  const width = Math.max((max - min) / BARS, 1e-6);
  const counts = new Array<number>(BARS).fill(0);
  for (const { start, width: cell, count } of response.filled()) {
    const bar = Math.floor((Math.log10(Math.max(1e-9, start + cell / 2)) - min) / width);
    const index = clamp(bar, 0, BARS - 1);
    counts[index] = (counts[index] ?? 0) + count;
  }
  const points = response.count === 0 ? [] : counts.map((count, index): Point => [min + index * width, count]);
  return {
    title: "Histogram of the response time",
    xLabel: "response time (logarithmic)",
    yLabel: "packets",
    bars: true,
    series: [{ name: "packets", points }],
    xTicks: [{ at: min, label: "" }, ...TIME_TICKS.filter(({ at }) => at >= min && at <= max), { at: max, label: "" }],
    formatY: formatCount,
  };
}

/** Losses at the time at which the packets were sent: a loss is known one timeout later, unless the target reports it. */
function lossChart({ timeline, timeoutSeconds, report }: CompletedRun): Chart {
  const { reportsDrops } = REGISTRY[report.protocol];
  const shift = reportsDrops ? 0 : timeoutSeconds;
  const sentBy = (seconds: number) => timeline.findLast((snapshot) => snapshot.seconds <= seconds)?.sent ?? 0;
  const points = timeline.flatMap(({ seconds, interval, lost }, index): Point[] => {
    const at = seconds - shift;
    if (at <= 0) return [];
    const newlyLost = Math.max(0, lost - (timeline[index - 1]?.lost ?? 0));
    const sent = sentBy(at) - sentBy(at - interval);
    return [[at, sent > 0 ? Math.min(1, newlyLost / sent) : 0]];
  });
  return {
    title: "Loss over time",
    xLabel: reportsDrops ? "seconds from the start" : "seconds from the start to the send time",
    yLabel: "share of packets lost",
    series: [{ name: "lost", points }],
    formatY: formatShare,
  };
}
