/** Recomputes the jitter of a report, of round trips (RFC 3550) and by direction. */
import { type Exchange, exchangesOf } from "./clocks.ts";
import { type Expectations, exact, threeDigits, time } from "./expected.ts";
import { greatest, least, mean, quantile } from "./plain.ts";
import { byArrival, type Row, serviceOf } from "./rows.ts";

/** Changes of the round trip from one answer of a session to the next, ms, in the order of all arrivals. */
function changes(rows: readonly Row[]): number[] {
  const before = new Map<number, number>();
  return byArrival(rows.filter(({ fate }) => fate === "answered")).flatMap((row) => {
    const previous = before.get(row.session);
    before.set(row.session, serviceOf(row));
    return previous === undefined ? [] : [serviceOf(row) - previous];
  });
}

/** Whether no clock was set between two exchanges: no path changes a delay by more than both round trips. */
function isPlausible(one: Exchange, other: Exchange): boolean {
  const longest = Math.max(one.up + one.down, other.up + other.down, 0) + 1;
  return Math.abs(other.up - one.up) <= longest && Math.abs(other.down - one.down) <= longest;
}

/** Pairs of exchanges of one session: with consecutive numbers, and with consecutive arrivals. */
function pairs(exchanges: readonly Exchange[]) {
  const consecutive: [Exchange, Exchange][] = [];
  const arriving: [Exchange, Exchange][] = [];
  for (const session of Map.groupBy(exchanges, ({ row }) => row.session).values()) {
    const numbered = new Map(session.map((exchange) => [exchange.row.sequence, exchange]));
    session.forEach((exchange, index) => {
      const before = numbered.get(exchange.row.sequence - 1);
      if (before !== undefined && isPlausible(before, exchange)) consecutive.push([before, exchange]);
      const latest = session[index - 1];
      if (latest !== undefined && isPlausible(latest, exchange)) arriving.push([latest, exchange]);
    });
  }
  return { consecutive, arriving };
}

/** Expectations of `jitter`, except for the round trips' `ipdv` and `pdv`. */
export function jitterExpectations(rows: readonly Row[]): Expectations {
  const expected: Expectations = new Map();
  const sizes = changes(rows).map(Math.abs);
  const smoothed = sizes.reduce((jitter, size) => jitter + (size - jitter) / 16, 0);
  expected.set("jitter.rfc3550", time(sizes.length === 0 ? undefined : smoothed));
  expected.set("jitter.rfc3550Mean", time(mean(sizes)));
  const { consecutive, arriving } = pairs(exchangesOf(rows));
  for (const direction of ["up", "down"] as const) {
    const differences = consecutive.map(([before, after]) => after[direction] - before[direction]);
    if (differences.length === 0) {
      expected.set(`jitter.${direction}`, exact(null));
      continue;
    }
    const absolute = differences.map(Math.abs);
    expected.set(
      `jitter.${direction}.rfc3550Mean`,
      time(mean(arriving.map(([before, after]) => Math.abs(after[direction] - before[direction])))),
    );
    expected.set(`jitter.${direction}.ipdv.p50`, threeDigits(quantile(absolute, "p50")));
    expected.set(`jitter.${direction}.ipdv.p99`, threeDigits(quantile(absolute, "p99")));
    expected.set(`jitter.${direction}.ipdv.min`, time(least(differences)));
    expected.set(`jitter.${direction}.ipdv.max`, time(greatest(differences)));
  }
  return expected;
}
