/** What this machine's packet filter does to a run: refused datagrams, and a lost SYN. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readReports } from "../../src/load/report/files/json.ts";
import { filtersRun, runInNamespace } from "../support/namespace.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { balanced } from "./support/sums.ts";

/** A UDP echo server and a TCP echo server on port 7000. */
const ECHO = `Bun.udpSocket({ hostname: "127.0.0.1", port: 7000, socket: { data: (s, d, p, a) => void s.send(d, p, a) } });
Bun.listen({ hostname: "127.0.0.1", port: 7000, socket: { data: (s, d) => void s.write(d) } }); console.error("echo")`;

/** Runs the load command under a rule against the echo servers. */
async function runUnder(rule: string, load: string) {
  const { out } = await runInNamespace(`
    coproc "$BUN" -e '${ECHO}' 2>&1
    echo=$COPROC_PID
    read -r <&"\${COPROC[0]}"
    iptables ${rule}
    "$BUN" scripts/load.ts --target 127.0.0.1:7000 --control none --json - --quiet ${load} || status=$?
    kill $echo
    exit "\${status:-0}"`);
  const [report] = readReports(out) ?? [];
  return balanced(report ?? expect.unreachable());
}

describe.skipIf(!filtersRun())("with packet filter rules", () => {
  // A rule by content, so that the second attempt to send a refused datagram is refused too.
  test.concurrent.each([
    ["stamp", "-m u32 --u32 '28&0x3=1'", 100],
    ["plain", "-m string --algo bm --string 'UDP 2'", 111],
  ])(
    "datagrams that the kernel refused are not sent, and not lost: %s",
    async (mode, matching, refused) => {
      const rule = `-A OUTPUT -p udp --dport 7000 ${matching} -j DROP`;
      const load = `--proto udp --mode ${mode} --rate 1000 --count 400 --timeout 500ms`;
      const { packets, errors, verdict } = await runUnder(rule, load);
      expect(packets).toMatchObject({ planned: 400, refused, sent: 400 - refused, unsent: 0, lost: 0, lostUp: 0 });
      expect(packets.answered + packets.late).toBe(400 - refused);
      expect(errors).toEqual({ EPERM: refused });
      expect(verdict.reasons.join()).toContain(`${refused} packets were refused by the kernel of this machine`);
    },
    30_000,
  );

  test.concurrent("bursts with refused datagrams: those after a refused one are sent", async () => {
    const rule = "-A OUTPUT -p udp --dport 7000 -m u32 --u32 '28&0x3=1' -j DROP";
    const { packets } = await runUnder(rule, "--proto udp --rate max --count 3000 --timeout 1s --in-flight 64");
    expect(packets).toMatchObject({ planned: 3000, refused: 750, lost: 0 });
    expect(packets.answered + packets.late).toBe(2250);
  }, 30_000);

  test.concurrent("a run whose datagrams are all refused says so", async () => {
    const csv = join(temporaryFolder(), "run.csv");
    const { packets, verdict, errors } = await runUnder(
      "-A OUTPUT -p udp -j DROP",
      `--proto udp --rate 200 --count 50 --csv ${csv}`,
    );
    const [head = [], ...rows] = readFileSync(csv, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const total = (name: string) => rows.reduce((sum, row) => sum + Number(row[head.indexOf(name)]), 0);
    expect(["planned", "sent", "unsent", "refused"].map(total)).toEqual([50, 0, 0, 50]);
    expect(packets).toMatchObject({ planned: 50, sent: 0, refused: 50, lost: 0 });
    expect(errors).toEqual({ EPERM: 50 });
    expect(verdict.reasons[0]).toBe("the kernel of this machine refused every packet to 127.0.0.1:7000 (EPERM)");
  }, 30_000);

  test.concurrent.each(["stamp", "plain"])(
    "a lost SYN delays the start of a run, whatever its timeout is: %s",
    async (mode) => {
      const rule = "-A INPUT -p tcp --syn --dport 7000 -m statistic --mode nth --every 1000 --packet 0 -j DROP";
      const load = `--proto tcp --mode ${mode} --rate 200 --count 50 --timeout 300ms`;
      const { packets } = await runUnder(rule, load);
      expect(packets).toMatchObject({ sent: 50, lost: 0, failed: 0 });
    },
    30_000,
  );
});
