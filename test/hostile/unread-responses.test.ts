/** HTTP clients that request large responses and do not read them: the responses share their octets. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { setReceiveBuffer } from "../../src/base/kernel.ts";
import { startLabProcess } from "../servers/support/lab-process.ts";
import { residentBytes } from "../servers/support/memory.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { limitMemory } from "./support/memory-limit.ts";
import { countOf, named } from "./support/scale.ts";

setDefaultTimeout(countOf(60_000, 300_000));

const LIMIT_MS = countOf(30_000, 120_000);
const COUNT = countOf(1000, 4000);
/** Most growth of the lab's memory, octets; a copy for each response of 1 MiB took more than 512 MB. */
const MOST_GROWTH = countOf(100e6, 160e6);

/** Requests `path` on `count` connections, on each of which only the first octets of the response are read. */
async function requestUnread(port: number, path: string, count: number, open: DisposableStack) {
  const began = new Set<object>();
  const socket = {
    data(from: Bun.Socket) {
      began.add(from);
      from.pause();
    },
    error() {},
  };
  const opened: Bun.Socket[] = [];
  for (let n = 0; n < count; n++) {
    const client = await Bun.connect({ hostname: "127.0.0.1", port, socket });
    open.defer(() => client.terminate());
    setReceiveBuffer(client, 4096);
    opened.push(client);
  }
  // In one moment, so that the kernel has no time to enlarge its buffers.
  for (const client of opened) client.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return began;
}

async function largestScript(port: number): Promise<string> {
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return /\/page\/[\w.-]+\.js/.exec(page)?.[0] ?? "";
}

test.each(["/bytes/1048576", "/metrics", "/history", "the page's script"].map((name) => [named(COUNT), name] as const))(
  "%s clients that do not read the response to GET %s leave the lab below 512 MB",
  async (_, name) => {
    using group = limitMemory(512 * 2 ** 20);
    await using lab = await startLabProcess({}, group?.wrap);
    const path = name.startsWith("/") ? name : await largestScript(lab.ports.http);
    await scrape(lab);
    const before = await residentBytes(lab);
    let peak = before;
    using open = new DisposableStack();
    const began = await requestUnread(lab.ports.http, path, COUNT, open);
    const areUnread = async () => {
      peak = Math.max(peak, await residentBytes(lab));
      return began.size === COUNT;
    };
    await until(areUnread, "the beginning of each response", LIMIT_MS);
    expect(peak - before).toBeLessThan(MOST_GROWTH);
    expect((await fetch(`http://127.0.0.1:${lab.ports.http}/healthz`)).status).toBe(200);
    expect(lab.running).toBe(true);
  },
);
