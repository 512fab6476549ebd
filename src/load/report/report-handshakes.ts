/** The handshakes in the JSON report of a run (docs/CONTRACT.md, section 6): how long its connections took to open. */
import { HANDSHAKE_KINDS, type HandshakeKind } from "../measure/handshake-kinds.ts";
import type { Handshakes } from "../measure/handshakes.ts";
import type { Histogram } from "../measure/histograms/histogram.ts";
import { quantileOf } from "../measure/statistics/estimates.ts";

/** Times of handshakes, s. Null: no sample, or too few for that percentile. */
export interface HandshakeTimes {
  readonly count: number;
  readonly min: number | null;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** The handshakes of one kind. */
export interface KindOfHandshakes {
  /** Those without an earlier session of TLS. TCP has no others. */
  readonly full: HandshakeTimes;
  /** Those that resumed an earlier session. */
  readonly resumed: HandshakeTimes;
}

/** All handshakes of a run, the opening of connections before its first packet and the warm-up included. */
export interface ReportedHandshakes extends Readonly<Record<HandshakeKind, KindOfHandshakes | null>> {
  /** TLS and QUIC handshakes that failed, by their error code. */
  readonly failed: Readonly<Record<string, number>>;
}

function timesOf(times: Histogram): HandshakeTimes {
  const { count, min, mean, max } = times;
  return {
    count,
    min: min ?? null,
    mean: mean ?? null,
    p50: quantileOf(times, 0.5),
    p90: quantileOf(times, 0.9),
    p99: quantileOf(times, 0.99),
    max: max ?? null,
  };
}

/** The handshakes of a run; null if it had none. */
export function handshakesOf(handshakes: Handshakes): ReportedHandshakes | null {
  const kindOf = (kind: HandshakeKind): KindOfHandshakes | null => {
    const times = handshakes.of(kind);
    return times === undefined ? null : { full: timesOf(times.full), resumed: timesOf(times.resumed) };
  };
  const kinds = { tcp: kindOf("tcp"), tls: kindOf("tls"), quic: kindOf("quic") };
  const isEmpty = HANDSHAKE_KINDS.every((kind) => kinds[kind] === null) && handshakes.failures.size === 0;
  return isEmpty ? null : { ...kinds, failed: Object.fromEntries(handshakes.failures) };
}
