/** What the page stands on, put together: the lab's history, its live stream, its kept runs, and the runner of new ones. */
import { version } from "../../package.json";
import type { RunParts } from "../api/runs-request.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Protocol } from "../base/protocol.ts";
import type { Config, Limits } from "../config.ts";
import type { Faults } from "../faults/faults.ts";
import { printFaults } from "../faults/text.ts";
import type { Metrics } from "../metrics/counters.ts";
import type { PacketLog } from "../reflector/packet-log.ts";
import { Runner } from "../runs/runner.ts";
import { openRunStore } from "../runs/store.ts";
import { type ConnectionCounter, History } from "./history.ts";
import { LiveStream } from "./stream.ts";

/** What is watched, and with what. */
export interface WatchingSources {
  readonly config: Config;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly packetLog: PacketLog;
  readonly faults: (protocol: Protocol) => Faults;
  readonly connections: ConnectionCounter;
  /** The ports, once they are known. */
  readonly ports: () => Readonly<Record<Protocol, number>>;
}

/** The parts, for the control routes. */
export interface Watching {
  readonly live: LiveStream;
  readonly runs: RunParts;
  /** The faults of `protocol` were changed. */
  changed(protocol: Protocol): void;
  /** Ends the viewers' streams and a run under way. */
  stop(): void;
  /** Closes the store, after `stop`. */
  close(): void;
}

/** Builds the parts and starts the once-a-second pulse. */
export function startWatching(sources: WatchingSources): Watching {
  const { config, limits, clock, log, metrics, packetLog, faults, connections, ports } = sources;
  const text = (protocol: Protocol) => printFaults(faults(protocol));
  const history = new History(metrics, clock.now(), { http: text("http"), tcp: text("tcp"), udp: text("udp") });
  const store = openRunStore(config.data, log);
  const live = new LiveStream({
    metrics,
    history,
    packetLog,
    faults,
    connections,
    runsVersion: () => store.version(),
    version,
    limit: limits.viewers,
    clock,
  });
  const runner = new Runner({ store, log, tell: (event, data) => live.broadcast(event, data) });
  const stop = () => {
    runner.kill();
    live.stop();
  };
  return {
    live,
    runs: { runner, store, limits, targets: config.targets, own: () => ({ host: config.host, ports: ports() }) },
    changed: (protocol) => history.mark(protocol, text(protocol), clock.now()),
    stop,
    close() {
      stop();
      store.close();
    },
  };
}
