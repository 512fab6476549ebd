/** The response times in HdrHistogram's standard text form, for its plotters and for tools that read it. */
import type { Histogram } from "../measure/histogram.ts";

const TICKS_PER_HALF_DISTANCE = 5;
const NANOSECONDS_PER_MS = 1e6;

/** The percentile distribution, values in ms. */
export function hdrText(histogram: Histogram): string {
  return histogram.toHdr().outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, NANOSECONDS_PER_MS);
}
