/**
 * The handshakes of a run: how long connections took to open. They are those of every connection from the opening before the
 * first packet to the end of the run, the warm-up included, because connections that are opened then carry the packets of
 * the measurement.
 */
import type { HandshakeKind } from "./handshake-kinds.ts";
import { Histogram } from "./histograms/histogram.ts";

/** Most distinct error codes; further ones are counted together as "other". */
const MAX_CODES = 20;

/** The times of the handshakes of one kind. */
export interface HandshakeTimes {
  /** Full handshakes. */
  readonly full: Histogram;
  /** Handshakes that resumed the session of an earlier connection. */
  readonly resumed: Histogram;
}

/** The histograms of one kind. They are made with its first handshake: most runs have few kinds. */
class KindTimes implements HandshakeTimes {
  readonly full = new Histogram();
  readonly resumed = new Histogram();
}

/** Counts and times the handshakes of a run. */
export class Handshakes {
  readonly #times = new Map<HandshakeKind, KindTimes>();
  /** Handshakes that failed, by their error code. */
  readonly failures = new Map<string, number>();

  /**
   * Records a handshake that succeeded.
   * @param resumed whether it resumed an earlier session
   */
  record(kind: HandshakeKind, ms: number, resumed: boolean): void {
    const times = this.#times.get(kind) ?? new KindTimes();
    this.#times.set(kind, times);
    (resumed ? times.resumed : times.full).record(ms);
  }

  /** Counts a TLS or QUIC handshake that failed, by its error code. */
  failed(code: string): void {
    const key = this.failures.has(code) || this.failures.size < MAX_CODES ? code : "other";
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }

  /** The times of a kind; undefined without any. */
  of(kind: HandshakeKind): HandshakeTimes | undefined {
    return this.#times.get(kind);
  }
}
