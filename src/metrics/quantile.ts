/** Quantiles of a bucketed histogram. */

/**
 * The quantile `q` (0 to 1) of the values counted in `counts`, where `counts[i]` is above `bounds[i - 1]` and up to
 * `bounds[i]`, and the last count is above every bound. Interpolates linearly within a bucket, as Prometheus'
 * histogram_quantile does; values above every bound count as the highest bound. NaN without values.
 */
export function bucketQuantile(counts: ArrayLike<number>, bounds: readonly number[], q: number): number {
  let total = 0;
  for (let i = 0; i <= bounds.length; i++) total += counts[i] ?? 0;
  if (total === 0) return Number.NaN;
  const rank = q * total;
  let below = 0;
  for (let i = 0; i < bounds.length; i++) {
    const count = counts[i] ?? 0;
    if (count > 0 && below + count >= rank) {
      const from = i === 0 ? 0 : (bounds[i - 1] ?? 0);
      return from + ((bounds[i] ?? 0) - from) * ((rank - below) / count);
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
