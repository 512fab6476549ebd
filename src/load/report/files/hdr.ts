/** Response times in HdrHistogram's text format, for its plotters and other tools. */
import type { Histogram } from "../../measure/histograms/histogram.ts";

const TICKS_PER_HALF_DISTANCE = 5;
const NANOSECONDS_PER_MS = 1e6;

/** The percentile distribution, with values in ms. */
export function hdrText(histogram: Histogram): string {
  return histogram.toHdr().outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, NANOSECONDS_PER_MS);
}
