/** Headers of responses with the time that the lab took. Responses with the same time and type share them. */

/** Times below this number of µs have shared headers: 1,000 for each type, at most. */
const SHARED_BELOW_US = 1000;

/** The header field that names another protocol for the same origin (RFC 7838). */
export const ALTERNATIVE_FIELD = "alt-svc";

/** The headers of responses. The runtime copies them into each response, which takes a third of building them there. */
export class TimedHeaders {
  /** By type, then by µs. Only the types of the constructor have shared headers, so that requests cannot add any. */
  readonly #shared: ReadonlyMap<string | undefined, (Headers | undefined)[]>;

  /** The fields that all responses have. */
  readonly #common: Readonly<Record<string, string>>;

  /**
   * @param types the content types whose headers are shared; undefined for responses without a body
   * @param alternative the value of `Alt-Svc`; undefined for none
   */
  constructor(types: readonly (string | undefined)[], alternative: string | undefined) {
    this.#shared = new Map(types.map((type) => [type, new Array(SHARED_BELOW_US)]));
    this.#common = alternative === undefined ? {} : { [ALTERNATIVE_FIELD]: alternative };
  }

  /** `Server-Timing` with `ms`, and the content type if there is one. The caller does not change them. */
  of(type: string | undefined, ms: number): Headers | Record<string, string> {
    const micros = Math.round(ms * 1000);
    const shared = micros < SHARED_BELOW_US ? this.#shared.get(type) : undefined;
    if (shared === undefined) return this.#fieldsOf(type, ms);
    let headers = shared[micros];
    if (headers === undefined) {
      headers = new Headers(this.#fieldsOf(type, micros / 1000));
      shared[micros] = headers;
    }
    return headers;
  }

  /** The headers of a response without a time. */
  untimed(fields: Readonly<Record<string, string>>): Record<string, string> {
    return { ...fields, ...this.#common };
  }

  #fieldsOf(type: string | undefined, ms: number): Record<string, string> {
    const timing = { "server-timing": `app;dur=${ms.toFixed(3)}`, ...this.#common };
    return type === undefined ? timing : { ...timing, "content-type": type };
  }
}
