/** The sockets of HTTP/3 connections, which the runtime does not close by itself. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { runLoad } from "../../../../src/load/run.ts";
import { until } from "../../../support/until.ts";
import { ca, otherName, valid } from "../../support/certificates.ts";

setDefaultTimeout(20_000);

/** The open sockets of this process. */
function sockets(): number {
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // the descriptor of the listing itself
    }
  };
  return readdirSync("/proc/self/fd").filter(isSocket).length;
}

test.each([
  ["was used", valid, 5],
  ["is not accepted", otherName, 0],
])("a connection that %s leaves no socket behind", async (_name, tls, answered) => {
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    http1: false,
    http3: true,
    tls,
    fetch: () => new Response(),
  });
  const target = `https://127.0.0.1:${server.port}/`;
  const before = sockets();
  for (let run = 0; run < 4; run++) {
    const options = { protocol: "http3", target, ca, control: false, rate: 1000, count: 5, timeout: 1 } as const;
    expect((await runLoad(options).report).packets.answered).toBe(answered);
  }
  await until(() => sockets() <= before, "the sockets are closed");
});
