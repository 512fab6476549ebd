import { describe, expect, test } from "bun:test";
import { ConnectionCount, countIn } from "../../src/base/connection-count.ts";
import { until } from "../support/until.ts";

const V4 = [
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 100 1 0 100 0 0 10 0",
  "   1: 0100007F:1388 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 101 1 0 20 4 30 10 -1",
  "   2: 0100007F:C350 0100007F:1388 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 20 4 30 10 -1",
  "   3: 0100007F:1388 0100007F:C351 06 00000000:00000000 03:00000190 00000000     0        0 0 3 0",
  "   4: 0100007F:1388 0100007F:1388 01 00000000:00000000 00:00000000 00000000     0        0 104 1 0 20 4 30 10 -1",
].join("\n");
const V6 =
  "   1: 00000000000000000000000001000000:1388 00000000000000000000000001000000:C350 01 00000000:00000000 00:00000000 0\n" +
  "   2: 00000000000000000000000001000000:C350 00000000000000000000000001000000:1388 01 00000000:00000000 00:00000000 0\n";

describe("countIn", () => {
  test("counts established connections by their local port, not listening ones, closed ones or the other end", () => {
    expect(countIn(Buffer.from(V4), ":1388 ", 8)).toBe(2);
    expect(countIn(Buffer.from(V6), ":1388 ", 32)).toBe(1);
    expect(countIn(Buffer.from(V4), ":FFFF ", 8)).toBe(0);
  });

  test("searches 64 KiB of a table, the work of one turn, in less than a millisecond", () => {
    const lines = Array.from({ length: 437 }, (_, i) => V4.split("\n")[i % 2 === 0 ? 2 : 4]?.padEnd(149) ?? "");
    const part = Buffer.from(lines.join("\n"));
    const times = Array.from({ length: 20 }, () => {
      const startedAt = performance.now();
      expect(countIn(part, ":1388 ", 8)).toBe(219);
      return performance.now() - startedAt;
    });
    expect(Math.min(...times)).toBeLessThan(1);
  });
});

test("a table that is read slowly holds a reader for half a second, and the count follows later", async () => {
  const tables: ((count: number) => void)[] = [];
  const count = new ConnectionCount(5000, () => new Promise((resolve) => tables.push(resolve)));
  const startedAt = performance.now();
  await count.refresh();
  expect(performance.now() - startedAt).toBeGreaterThan(450);
  expect([count.latest, tables.length]).toEqual([0, 2]);
  for (const resolve of tables) resolve(3);
  await count.refresh();
  expect(count.latest).toBe(6);
});

test.if(process.platform === "linux")(
  "the connections of a port are counted, also on IPv6",
  async () => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } });
      const count = new ConnectionCount(listener.port);
      const sockets = [];
      for (let i = 0; i < 5; i++)
        sockets.push(await Bun.connect({ hostname, port: listener.port, socket: { data() {} } }));
      await until(() => count.latest === 5, "5 connections");
      const other = new ConnectionCount(listener.port);
      await other.refresh();
      expect(other.latest).toBe(5);
      for (const socket of sockets) socket.end();
      const isNone = async () => {
        await count.refresh();
        return count.latest === 0;
      };
      await until(isNone, "no connection", 10_000);
      listener.stop(true);
    }
  },
  30_000,
);
