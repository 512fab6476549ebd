/** The relay command without a process. */
import { expect, test } from "bun:test";
import { type RelayProcess, runRelayCommand } from "../../../src/relay/cli/command.ts";
import { until } from "../../support/until.ts";

/** Runs the command on a free port until `stop` is called, with what it printed and wrote. */
function start(args: readonly string[], given: Partial<RelayProcess> = {}) {
  const said = { out: "", err: "" };
  const stopping = Promise.withResolvers<void>();
  const status = runRelayCommand(["--listen", "udp:0", "--to", "127.0.0.1:9", ...args], {
    variables: {},
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: false,
    columns: () => 40,
    checkWritable() {},
    writeFile() {},
    failed: (error) => expect.unreachable(`${error}`),
    stopped: () => stopping.promise,
    ...given,
  });
  return {
    said,
    async stop() {
      stopping.resolve();
      return await status;
    },
  };
}

test("counts on standard output have no text beside them", async () => {
  const { said, stop } = start(["--json", "-", "--name", "api", "--seed", "7"]);
  await until(() => said.err.startsWith("relay api: udp 127.0.0.1:"), "the line at the start");
  expect(await stop()).toBe(0);
  const { seconds, seed, relays } = JSON.parse(said.out);
  expect(seconds).toBeGreaterThan(0);
  expect([seed, relays.length, relays[0].name, relays[0].up.packetsIn]).toEqual([7, 1, "api", 0]);
  expect(said.err).toContain("  down  in       0 packets, 0 octets\n");
});

test("a file that cannot be written at the end is one line and status 2, after the text", async () => {
  const writeFile = () => {
    throw Object.assign(new Error("write"), { code: "ENOSPC" });
  };
  const { said, stop } = start(["--json", "counts.json"], { writeFile });
  await until(() => said.out !== "", "the line at the start");
  expect(await stop()).toBe(2);
  expect(said.err).toBe("relay: --json counts.json: no space left on the device\n");
  expect(said.out).toContain("  up    in       0 packets, 0 octets\n");
});

test("on a terminal a line of progress is rewritten, no longer than the terminal is wide, and removed", async () => {
  const { said, stop } = start([], { isTerminal: true });
  await until(() => said.err.includes("open"), "the line of progress");
  expect(await stop()).toBe(0);
  const [before, line = ""] = said.err.split("\r\u001b[K");
  expect(before).toBe("");
  expect(line).toMatch(/^\d s {2}0 open {2}up 0 B, dropped 0 B {2}down $/);
  expect(said.err).toEndWith("\r\u001b[K");
});

test("the relay closes its port when the command ends", async () => {
  const { said, stop } = start([]);
  const [, port] = await until(() => /^relay: udp 127\.0\.0\.1:(\d+) /.exec(said.out), "the line at the start");
  await stop();
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1", port: Number(port) });
  expect(socket.port).toBe(Number(port));
  socket.close();
});
