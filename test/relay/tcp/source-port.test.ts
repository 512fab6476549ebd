/** Local ports of connections to the upstream. */
import { expect, test } from "bun:test";
import { nextSourcePort } from "../../../src/relay/tcp/source-port.ts";
import { runInNamespace } from "../../support/namespace.ts";

test("ports follow each other, without those in use, and are those of connections", () => {
  const first = nextSourcePort(() => false);
  const used = new Set(Array.from({ length: 100 }, (_, n) => first + n));
  const ports = Array.from({ length: 1000 }, () => nextSourcePort((port) => used.has(port)));
  expect(new Set(ports).size).toBe(1000);
  expect(ports.filter((port) => used.has(port) || port < 1024 || port > 65_535)).toEqual([]);
});

test("a search ends when every port is in use", () => {
  expect(nextSourcePort(() => true)).toBeGreaterThan(1023);
});

/** What prints eight ports in a namespace with few, of which some are reserved; undefined where there are no namespaces. */
async function portsWith(reserved: string): Promise<string | undefined> {
  const program = `import { nextSourcePort } from "./src/relay/tcp/source-port.ts";
    console.log([...new Set(Array.from({ length: 8 }, () => nextSourcePort(() => false)))].toSorted().join());`;
  const { out, status } = await runInNamespace(`echo '40000 40007' > /proc/sys/net/ipv4/ip_local_port_range
    echo '${reserved}' > /proc/sys/net/ipv4/ip_local_reserved_ports; $BUN -e '${program}'`).catch(() => ({
    out: "",
    status: -1,
  }));
  return status === 0 ? out.trim() : undefined;
}

const ALL_PORTS = await portsWith("");
if (ALL_PORTS === undefined) console.warn("SKIPPED: reserved ports: needs root and iproute2 on Linux");

test.if(ALL_PORTS !== undefined)("ports that the system reserves for services are not used", async () => {
  expect(ALL_PORTS).toBe("40000,40001,40002,40003,40004,40005,40006,40007");
  expect(await portsWith("8080,40001,40003-40005")).toBe("40000,40002,40006,40007");
});
