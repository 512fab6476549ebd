/** An IPv6 datagram that claims an IPv4 source: no response reaches a service on loopback. */
import { expect, test } from "bun:test";
import { FORMS, trafficOf } from "../support/clients.ts";
import { startTestLab } from "../support/lab.ts";
import { rejected } from "../support/scrape.ts";
import { until } from "../support/until.ts";

const SCRIPT = `${import.meta.dir}/support/mapped_source.py`;
const udpForms = FORMS.filter(({ protocol }) => protocol === "udp");

function send(source: string, sourcePort: number, port: number, text: string): string | undefined {
  const script = ["python3", SCRIPT, source, "::1", `${sourcePort}`, `${port}`, text];
  const { success, stderr } = Bun.spawnSync(script, { stderr: "pipe" });
  return success ? undefined : stderr.toString().trim().split("\n").at(-1);
}

const problem = send("::ffff:127.0.0.1", 9, 9, "probe");
if (problem !== undefined) console.warn(`SKIPPED: datagrams with a mapped source address: ${problem}`);

test.if(problem === undefined)("a datagram from ::ffff:127.0.0.1 over IPv6 is refused and counted", async () => {
  await using lab = await startTestLab({ host: "::" });
  const got: string[] = [];
  const service = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_, data) => void got.push(`${data}`) },
  });
  expect(send("::ffff:127.0.0.1", service.port, lab.ports.udp, "Hello UDP 7")).toBeUndefined();
  expect(send("::1", 40_001, lab.ports.udp, "from IPv6")).toBeUndefined();
  await until(async () => (await trafficOf(lab, "udp")).packets === 2, "both datagrams");
  const { answered, dropped } = await trafficOf(lab, "udp");
  expect([answered, dropped, await rejected(lab, "udp", "source-refused")]).toEqual([1, 1, 1]);
  // Loopback keeps the order: an answer that the lab had sent would be before this datagram.
  const last = await Bun.udpSocket({ hostname: "127.0.0.1" });
  last.send("after the answers", service.port, "127.0.0.1");
  await until(() => got.length > 0, "the last datagram");
  expect(got).toEqual(["after the answers"]);
  last.close();
  service.close();
});

test.each(udpForms.flatMap((form) => ["127.0.0.1", "::1"].map((host) => [form.name, host, form] as const)))(
  "a lab on :: answers %s from %s, with one port for both versions",
  async (_, host, form) => {
    await using lab = await startTestLab({ host: "::" });
    await using client = await form.connect(lab, host);
    await client.send(1);
    await until(() => client.replies.length === 1, "an answer");
    expect((await trafficOf(lab, "udp")).answered).toBe(1);
  },
);
