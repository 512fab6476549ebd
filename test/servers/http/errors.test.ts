import { expect, test } from "bun:test";
import { Elysia } from "elysia";
import { Budget } from "../../../src/base/bounded.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { createLog } from "../../../src/base/log.ts";
import { DelayQueue } from "../../../src/faults/delay-queue.ts";
import { DEFAULT_LIMITS } from "../../../src/limits.ts";
import { createMetrics } from "../../../src/metrics/counters.ts";
import { PacketLog } from "../../../src/reflector/packet-log.ts";
import { Responder } from "../../../src/reflector/responder.ts";
import { HttpApplication } from "../../../src/servers/http/application.ts";
import { listen } from "../../../src/servers/http.ts";
import type { ListenerContext } from "../../../src/servers/listener.ts";
import { silentErrors } from "../../support/errors.ts";

/** A responder that fails before it knows the packet, where it does not answer itself. */
class FailingResponder extends Responder {
  override receive(): never {
    throw new Error("broken");
  }
}

test.each([
  ["GET", "/status/200", null],
  ["POST", "/", "{}"],
])("an error of the lab in %s %s gets 500 with one line, and is counted", async (method, path, body) => {
  const errors = silentErrors();
  const log = createLog({ level: "silent", readable: false, sink() {} });
  const metrics = createMetrics();
  const { http: traffic } = metrics.traffic;
  const clock = systemClock();
  const queue = new DelayQueue(1, clock, 1, errors);
  const packetLog = new PacketLog({ limit: 1, perSecond: 1 }, log, metrics, errors);
  const context = {
    hostname: "127.0.0.1",
    port: 0,
    responder: new FailingResponder({ traffic, clock, queue, packetLog, log, seed: 1 }),
    limits: DEFAULT_LIMITS,
    httpBodies: new Budget(1e6),
    errors,
    application: new HttpApplication({
      control: () => new Elysia(),
      describe: () => ({}),
      firstRequests: [],
      fixedRequests: [],
    }),
  } as Partial<ListenerContext> as ListenerContext; // the rest is for other protocols and faults
  const listener = await listen(context);
  try {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method, body });
    expect([response.status, await response.text()]).toEqual([500, '{"error":"internal error; see the lab\'s log"}']);
    expect(traffic.rejects.get("failed")).toBe(1);
  } finally {
    await listener.close();
    packetLog.stop();
  }
});
