/** STAMP with an implementation that is not ours: scapy builds the test packets and reads the reflector's answers. */
import { describe, expect, test } from "bun:test";
import { UNSYNCHRONIZED_MILLISECOND } from "../../src/stamp/packet.ts";
import { startTestLab, urlOf } from "../support/lab.ts";

const PYTHON = "/usr/bin/python3"; // Debian's: python3-scapy installs for it
const SCRIPT = new URL("../support/stamp_scapy.py", import.meta.url).pathname;
const NTP_UNIX_SECONDS = 2_208_988_800;

const found = Bun.spawnSync([PYTHON, "-c", "import scapy.contrib.stamp"], { stdout: "ignore", stderr: "ignore" });
const isThere = found.success;
if (!isThere) console.warn("SKIPPED: python3-scapy is not installed, so no foreign STAMP implementation is asked");

/** One answer, as scapy read it; moments in seconds since 1900. */
interface ForeignAnswer {
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

async function exchange(transport: string, host: string, port: number, count: number, ssid: number, padding = 0) {
  const args = [transport, host, port, count, ssid, padding].map(String);
  const child = Bun.spawn([PYTHON, SCRIPT, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(err);
  return JSON.parse(out) as readonly ForeignAnswer[]; // that is what the script prints
}

describe.skipIf(!isThere)("scapy as the session sender", () => {
  test.each([
    ["udp", "127.0.0.1", 0],
    ["udp", "::1", 0],
    ["udp", "127.0.0.1", 100],
    ["tcp", "127.0.0.1", 0],
  ])(
    "over %s to %s, %d octets of padding: reads every field of every answer as it was meant",
    async (transport, host, padding) => {
      await using lab = await startTestLab({ host: "::" });
      const startedAt = Date.now() / 1000 + NTP_UNIX_SECONDS;
      const port = transport === "udp" ? lab.ports.udp : lab.ports.tcp;
      const answers = await exchange(transport, host, port, 5, 4242, padding);
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
        // both clocks are this machine's: sent, received, answered, in that order and within the test's own time
        expect(answer.senderSentAt).toBeGreaterThan(startedAt - 1);
        expect(answer.receivedAt).toBeGreaterThan(answer.senderSentAt - 0.01);
        expect(answer.sentAt).toBeGreaterThanOrEqual(answer.receivedAt);
        expect(answer.sentAt).toBeLessThan(startedAt + 10);
        expect(answer.tlvs).toEqual(padding ? [[1, padding - 4, "ab".repeat(padding - 4)]] : []);
      }
      const { sessions } = await (await fetch(urlOf(lab, "/sessions/4242"))).json();
      expect(sessions).toMatchObject([{ protocol: transport, received: { unique: 5, duplicate: 0 }, answered: 5 }]);
    },
  );

  test("on the STAMP port", async () => {
    await using lab = await startTestLab({ stampPort: 0 });
    const answers = await exchange("udp", "127.0.0.1", lab.ports.stamp ?? 0, 3, 1);
    expect(answers.map(({ sequence, senderSequence, length }) => [sequence, senderSequence, length])).toEqual(
      [0, 1, 2].map((n) => [n, n, 44]),
    );
  });
});
