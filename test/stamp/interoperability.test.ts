/** STAMP with another implementation: scapy builds the test packets and parses the reflector packets. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { UNSYNCHRONIZED_MILLISECOND } from "../../src/stamp/packet.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

setDefaultTimeout(30_000); // Python needs about a second to import scapy, and more on a busy machine

const PYTHON = "/usr/bin/python3"; // the interpreter for which Debian installs python3-scapy
const SCRIPT = new URL("../support/stamp_scapy.py", import.meta.url).pathname;
const NTP_UNIX_SECONDS = 2_208_988_800;

const imported = Bun.spawnSync([PYTHON, "-c", "import scapy.contrib.stamp"], { stdout: "ignore", stderr: "ignore" });
const hasScapy = imported.success;
if (!hasScapy) console.warn("SKIPPED: python3-scapy is not installed; STAMP is not tested with another implementation");

/** A reflector packet as scapy parses it; times in seconds since 1900. */
interface ParsedAnswer {
  readonly length: number;
  readonly sequence: number;
  readonly sentAt: number;
  readonly errorEstimate: readonly number[];
  readonly ssid: number;
  readonly receivedAt: number;
  readonly senderSequence: number;
  readonly senderSentAt: number;
  readonly senderErrorEstimate: readonly number[];
  readonly zero: readonly number[];
  readonly senderTtl: number;
  readonly tlvs: readonly unknown[];
}

/** Runs the scapy sender; `padding` is the length of an Extra Padding TLV. */
async function exchange(transport: string, host: string, port: number, count: number, ssid: number, padding = 0) {
  const args = [transport, host, port, count, ssid, padding].map(String);
  const child = Bun.spawn([PYTHON, SCRIPT, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(err);
  return JSON.parse(out) as readonly ParsedAnswer[]; // the output format of the script
}

describe.skipIf(!hasScapy)("with scapy as the session sender, the lab", () => {
  test.each([
    ["udp", "127.0.0.1", 0],
    ["udp", "::1", 0],
    ["udp", "127.0.0.1", 100],
    ["tcp", "127.0.0.1", 0],
  ])(
    "answers over %s to %s with %d octets of padding: every field of every reflector packet is correct",
    async (transport, host, padding) => {
      await using lab = await startTestLab({ host: "::" });
      const now = () => Date.now() / 1000 + NTP_UNIX_SECONDS;
      const startedAt = now();
      const port = transport === "udp" ? lab.ports.udp : lab.ports.tcp;
      const answers = await exchange(transport, host, port, 5, 4242, padding);
      const endedAt = now();
      expect(answers.map(({ sequence, senderSequence }) => [sequence, senderSequence])).toEqual(
        [0, 1, 2, 3, 4].map((n) => [n, n]),
      );
      const estimate = UNSYNCHRONIZED_MILLISECOND;
      for (const answer of answers) {
        expect(answer).toMatchObject({
          length: 44 + padding,
          ssid: 4242,
          errorEstimate: [estimate >> 15, (estimate >> 14) & 1, (estimate >> 8) & 63, estimate & 255],
          senderErrorEstimate: [1, 0, 10, 100],
          zero: [0, 0],
          senderTtl: 0,
        });
        // Sender and reflector use one clock: T1 <= T2 <= T3, all during the test.
        expect(answer.senderSentAt).toBeGreaterThan(startedAt - 1);
        expect(answer.receivedAt).toBeGreaterThan(answer.senderSentAt - 0.01);
        expect(answer.sentAt).toBeGreaterThanOrEqual(answer.receivedAt);
        expect(answer.sentAt).toBeLessThan(endedAt + 0.01);
        expect(answer.tlvs).toEqual(padding ? [[1, padding - 4, "ab".repeat(padding - 4)]] : []);
      }
      const { sessions } = await (await fetch(urlOf(lab, "/sessions/4242"))).json();
      expect(sessions).toMatchObject([{ protocol: transport, received: { unique: 5, duplicate: 0 }, answered: 5 }]);
    },
  );

  test("answers on the STAMP port", async () => {
    await using lab = await startTestLab({ stampPort: 0 });
    const answers = await exchange("udp", "127.0.0.1", lab.ports.stamp ?? 0, 3, 1);
    expect(answers.map(({ sequence, senderSequence, length }) => [sequence, senderSequence, length])).toEqual(
      [0, 1, 2].map((n) => [n, n, 44]),
    );
  });
});
