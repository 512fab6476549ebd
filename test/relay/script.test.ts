/** scripts/relay.ts: its flags, errors and exit statuses. */
import { expect, test } from "bun:test";
import { PORT_PROTOCOLS, REGISTRY } from "../../src/base/protocol.ts";
import { run } from "../stack/files.ts";

const relay = (...args: readonly string[]) => run(["bun", "scripts/relay.ts", ...args]);

test("a bad flag ends it with status 2 and one line", () => {
  expect(relay()).toEqual({
    status: 2,
    output: "relay: --target: missing; allowed: the name or IPv4 address of a lab\n",
  });
  expect(relay("--target=127.0.0.1", "--udp-port=70000")).toEqual({
    status: 2,
    output: "relay: --udp-port=70000: not allowed; allowed: a port from 0 to 65535\n",
  });
  const { status, output } = relay("--traget=lab");
  expect([status, output.trimEnd().split("\n").length]).toEqual([2, 1]);
  expect(output).toContain("--traget");
});

test("--help names the default port of every protocol that has one of its own", () => {
  const { status, output } = relay("--help");
  expect(status).toBe(0);
  const ports = [...output.matchAll(/^ {2}--(\w+)-port PORT .*\((\d+)\)/gm)].map(([, name, port]) => [name, port]);
  expect(ports).toEqual(PORT_PROTOCOLS.map((protocol) => [protocol, `${REGISTRY[protocol].port}`]));
});

test("a port in use ends it with status 1 and one line that names the port", () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { status, output } = relay("--target=127.0.0.1", "--http-port=0", `--tcp-port=${taken.port}`);
  expect(status).toBe(1);
  expect(output).toBe(`relay: TCP port ${taken.port} on 127.0.0.1 is in use; choose another with --tcp-port\n`);
});
