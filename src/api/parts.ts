/** The parts of the lab that the control routes use. */

import type { Budget } from "../base/bounded.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Protocol } from "../base/protocol.ts";
import type { CertificateSource } from "../certificates/source.ts";
import type { Config } from "../config.ts";
import type { Faults } from "../faults/faults.ts";
import type { Limits } from "../limits.ts";
import type { LiveStream } from "../live/stream.ts";
import type { Traffic } from "../metrics/counters.ts";
import type { Instance } from "../reflector/instance.ts";
import type { Sessions } from "../reflector/sessions.ts";
import type { Relays } from "../relay/relays.ts";
import type { KeptRuns } from "../runs/kept/kept-runs.ts";
import type { Runner } from "../runs/runner.ts";
import type { HttpSessions } from "../servers/http/sessions.ts";
import type { Ports } from "../servers/listeners.ts";

/** The parts as lab.ts provides them; each module of routes takes those that it uses. */
export interface ApiParts {
  readonly config: Pick<Config, "host" | "token" | "targets">;
  readonly limits: Pick<Limits, "runRate" | "runSeconds">;
  readonly clock: Clock;
  /** Identifies this lab between its start and its end. */
  readonly instance: Instance;
  readonly log: Log;
  /** The lab's version, for the API description. */
  readonly version: string;
  /** The text of `/metrics`, UTF-8. */
  readonly exposition: { readonly contentType: string; render(): Promise<Uint8Array<ArrayBuffer>> };
  /** The counters of the protocol of a request, in which refused requests are counted; undefined for the lab's own requests. */
  readonly trafficOf: (request: Request) => Pick<Traffic, "rejects"> | undefined;
  readonly sessions: Pick<Sessions, "shownTo" | "ends" | "limit">;
  /** The certificate of the protocols with a handshake; undefined if none of them is served. */
  readonly certificate: CertificateSource | undefined;
  readonly httpSessions: Pick<HttpSessions, "get">;
  /** The ports that the lab listens on. */
  readonly ports: () => Ports;
  /** Whether the port of each protocol that is served is open. */
  readonly listening: () => Readonly<Partial<Record<Protocol, boolean>>>;
  /** The protocols that are served, in the order of the registry. */
  readonly served: readonly Protocol[];
  readonly faultsOf: (protocol: Protocol) => Faults;
  /** Changes the faults of a protocol from the next packet on. */
  readonly setFaults: (protocol: Protocol, faults: Faults) => void;
  readonly relays: Relays;
  readonly live: LiveStream;
  readonly runner: Runner;
  readonly store: KeptRuns;
  /** The octets of kept runs that are being sent. */
  readonly runBodies: Budget;
}
