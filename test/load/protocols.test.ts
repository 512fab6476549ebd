/**
 * Load runs of any set of protocols against a lab: losses by direction beside the lab's own counts, and a lab without TLS. The
 * file takes 8 s, because each run waits for the packets that the faults lost.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { CLASSICS, isSecure, PROTOCOLS } from "../../src/base/protocol.ts";
import { parseImpairments } from "../../src/faults/text.ts";
import { startLab } from "../../src/lab.ts";
import { runCommand } from "../../src/load/cli/command.ts";
import { readReports } from "../../src/load/report/files/json.ts";
import { runLoad } from "../../src/load/run.ts";
import { ALL_FREE_PORTS } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { recordingEnvironment } from "./support/environment.ts";
import { balanced } from "./support/sums.ts";

setDefaultTimeout(20_000);

test.concurrent.each([
  ["https", "drop=0.1/0.1,close=0.1/0.1", ["drop", "close"]],
  ["websocket", "drop=0.1/0.1", ["drop"]],
  ["tls", "drop=0.03/0.03", ["drop"]],
] as const)("the losses of %s are by direction the lab's own, to the packet: %s", async (protocol, text, kinds) => {
  await using lab = await startLab({ ...ALL_FREE_PORTS, impair: parseImpairments(`${protocol}:${text}`), seed: 3 });
  const options = { protocol, rate: 300, count: 200, timeout: 1, wait: 1, labPorts: lab.ports } as const;
  const { packets, evidence, plan } = balanced(await runLoad(options).report);
  const series = await scrape(lab);
  const lost = (direction: string) =>
    kinds.reduce((sum, kind) => sum + series.sum("wirelab_impairments_total", { protocol, kind, direction }), 0);
  expect(lost("up") * lost("down")).toBeGreaterThan(0);
  expect(packets).toMatchObject({ sent: 200, droppedUp: lost("up"), droppedDown: lost("down") });
  expect(packets).toMatchObject({ lostUp: packets.lost - packets.lostDown - packets.unexplained });
  expect(evidence.kind).toBe("lab");
  expect(plan?.tls?.ca).toBe(isSecure(protocol) ? "lab" : undefined);
});

test.concurrent("--proto everything against a lab without TLS has a line for each protocol that nothing serves", async () => {
  // The default ports on another loopback address, because a lab may already listen on 127.0.0.1.
  await using lab = await startLab({ host: "127.0.0.79", tls: "off" });
  expect(lab.ports.http).toBe(5000);
  const { recorded, environment } = recordingEnvironment();
  const line =
    "--proto everything --target 127.0.0.79 --rate 200 --count 20 --timeout 1s --wait 1s --json r.json --quiet";
  expect(await runCommand(line.split(" "), environment)).toBe(3);
  const reports = readReports(recorded.files["r.json"] ?? "") ?? [];
  expect(reports.map(({ protocol }) => protocol)).toEqual([...PROTOCOLS]);
  const answered = reports.filter(({ packets }) => packets.answered === 20).map(({ protocol }) => protocol);
  expect(answered).toEqual([...CLASSICS, "websocket"]);
  const lines = recorded.out.split("\n");
  const lineOf = (protocol: string) => lines.find((one) => one.startsWith(`${protocol}: 0 of `));
  for (const protocol of PROTOCOLS.filter(isSecure)) expect(lineOf(protocol)).toContain("nothing could be measured: ");
  for (const protocol of ["https", "tls"]) expect(lineOf(protocol)).toContain("nothing listens at 127.0.0.79:");
});
