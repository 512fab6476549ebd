/** What every packet meets, whichever socket it came through: clock, counters, sessions, queue, log and responders. */
import { type Clock, systemClock } from "./base/clock.ts";
import type { Log } from "./base/log.ts";
import type { Protocol } from "./base/protocol.ts";
import type { Config, Limits } from "./config.ts";
import { DelayQueue } from "./faults/delay-queue.ts";
import { createMetrics, type Metrics } from "./metrics/counters.ts";
import { PacketLog } from "./reflector/packet-log.ts";
import { Responder } from "./reflector/responder.ts";
import { Sessions } from "./reflector/sessions.ts";

/** The parts of one lab that know no socket. */
export interface Core {
  readonly config: Config;
  readonly limits: Limits;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly queue: DelayQueue;
  readonly sessions: Sessions;
  readonly packetLog: PacketLog;
  readonly responders: Readonly<Record<Protocol, Responder>>;
}

/** Makes them, with the faults of the configuration set. The packet log's timers run until its `stop`. */
export function createCore(config: Config, limits: Limits, log: Log): Core {
  const clock = systemClock();
  const metrics = createMetrics();
  const queue = new DelayQueue(limits.delayQueue, clock, limits.delayQueueBytes);
  const packetLog = new PacketLog({ limit: limits.packetLog, perSecond: limits.packetLogPerSecond }, log, metrics);
  const responder = (protocol: Protocol) => {
    const made = new Responder({ traffic: metrics.traffic[protocol], clock, queue, packetLog, seed: config.seed });
    made.setFaults(config.impair[protocol]);
    return made;
  };
  const responders = { http: responder("http"), tcp: responder("tcp"), udp: responder("udp") };
  return { config, limits, log, clock, metrics, queue, sessions: new Sessions(limits.sessions), packetLog, responders };
}
