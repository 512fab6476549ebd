/** Checks of the stack: start, requests, scaling, outages, restart. */
import { until } from "../wait.ts";
import { askEncrypted, askHttp, askTcp, askTls, askUdp, authorityOf } from "./ask.ts";
import { expectEqual, expectThat, type Report } from "./report.ts";
import { SERVICES, type Stack, TOKEN } from "./stack.ts";

const RATE = 'sum(rate(packets_total{job="wirelab"}[1m]))';
const LABS_UP = 'sum(up{job="wirelab"})';
const LOST = "sum(wirelab_load_lost_total)";

function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** Runs all checks, one after the other; each leaves the stack running. */
export async function checkStack(stack: Stack, report: Report, commit: string): Promise<void> {
  await starts(stack, report);
  await answers(stack, report, commit);
  await encrypts(stack, report);
  await scales(stack, report);
  await survivesLabOutage(stack, report);
  await survivesPrometheusOutage(stack, report);
  await keepsData(stack, report);
  await reportsErrors(stack, report);
}

async function starts(stack: Stack, report: Report): Promise<void> {
  const startedAt = performance.now();
  await report.check("up: every service becomes healthy", async () => {
    await stack.must("up", "--detach", ...SERVICES);
    await stack.healthy(60);
    report.figure("up to healthy", secondsSince(startedAt));
  });
  await report.check("up: Prometheus has rates of all protocols from the lab and the client", async () => {
    await stack.reaches(RATE, 60, (value) => value > 0);
    await stack.reaches('count(rate(wirelab_load_sent_total{job="wirelab-traffic"}[1m]) > 0)', 60, (n) => n === 3);
    report.figure("up to first data on the dashboards", secondsSince(startedAt));
  });
}

async function answers(stack: Stack, report: Report, commit: string): Promise<void> {
  const { http, tcp, udp } = stack.ports;
  await report.check("HTTP, TCP and UDP answer through the published ports", async () => {
    expectEqual(
      [await askHttp(http), await askTcp(tcp), await askUdp(udp)],
      ['{"status":"received"}', "ACK-TCP", "ACK-UDP"],
    );
  });
  await report.check(
    "HTTPS, HTTP/2, HTTP/3 and TLS answer through the published ports, with names of the service",
    async () => {
      const ca = await authorityOf(http);
      const { https, http2, http3, tls } = stack.ports;
      expectEqual(
        [
          await askEncrypted("https", https, ca),
          await askEncrypted("http2", http2, ca),
          await askEncrypted("http3", http3, ca),
        ],
        Array(3).fill('{"status":"received"}'),
      );
      expectEqual([await askTls(tls, ca, "lab"), await askTls(tls, ca, "localhost")], ["ACK-TLS", "ACK-TLS"]);
    },
  );
  await report.check("targets are up, and the lab reports its commit", async () => {
    expectEqual(await stack.query(LABS_UP), 1);
    expectEqual(await stack.query('sum(up{job="wirelab-traffic"})'), 1);
    expectEqual(await stack.query(`count(wirelab_build_info{job="wirelab",commit="${commit}"})`), 1);
  });
  await report.check("the containers have written no files", async () => {
    for (const service of ["lab", "relay", "traffic"]) {
      for (const id of await stack.containers(service)) expectEqual(await stack.shell.read("docker", "diff", id), "");
    }
  });
  await report.check("the faults can be changed through the published port, with the token only", async () => {
    const change = async (headers: Readonly<Record<string, string>>) => {
      const url = `http://127.0.0.1:${http}/impairments`;
      return (await fetch(url, { method: "PUT", headers, body: "udp:drop=0.5" })).status;
    };
    expectEqual([await change({}), await change({ authorization: `Bearer ${TOKEN}` })], [401, 200]);
    await stack.reaches('sum(wirelab_impairment_changes_total{protocol="udp"})', 20, (value) => value >= 1);
  });
}

async function encrypts(stack: Stack, report: Report): Promise<void> {
  await report.check("the traffic client sends over HTTPS and TLS, and trusts the lab's authority", async () => {
    const startTraffic = ["up", "--detach", "--no-deps", "traffic"];
    const { status, output } = await stack.compose(startTraffic, { WIRELAB_PROTO: "https,tls" });
    expectThat(status === 0, output);
    const answered = 'count(increase(wirelab_load_answered_total{protocol=~"https|tls"}[30s]) > 0)';
    await stack.reaches(answered, 60, (protocols) => protocols === 2);
    await stack.must(...startTraffic);
    await stack.healthy(60);
  });
}

async function scales(stack: Stack, report: Report): Promise<void> {
  await report.check("--scale lab=3 gives three targets, and the published ports stay the same", async () => {
    const startedAt = performance.now();
    await stack.must("up", "--detach", "--scale", "lab=3", ...SERVICES);
    await stack.reaches(LABS_UP, 60, (value) => value === 3);
    report.figure("--scale lab=3 to three targets", secondsSince(startedAt));
    expectEqual(await askTcp(stack.ports.tcp), "ACK-TCP");
    await stack.must("up", "--detach", "--scale", "lab=1", ...SERVICES);
    await stack.reaches(`count(up{job="wirelab"})`, 60, (value) => value === 1);
    expectEqual(await askTcp(stack.ports.tcp), "ACK-TCP");
  });
}

async function survivesLabOutage(stack: Stack, report: Report): Promise<void> {
  const alert = (state: string) =>
    `count(ALERTS{alertname=~"WirelabLab(Down|Absent)",alertstate="${state}"}) or vector(0)`;
  let lostBefore = 0;
  let stoppedAt = 0;
  await report.check("the alert of a stopped lab becomes pending, then fires", async () => {
    await stack.reaches(alert("pending"), 60, (value) => value === 0); // alerts of the labs that the scaling removed
    lostBefore = (await stack.query(LOST)) ?? 0;
    const [lab = ""] = await stack.containers("lab");
    await stack.must("stop", "lab");
    stoppedAt = performance.now();
    expectEqual(await stack.inspect(lab, "{{.State.ExitCode}}"), "0");
    await stack.reaches(alert("pending"), 40, (value) => value >= 1);
    report.figure("stop to alert pending", secondsSince(stoppedAt));
    await stack.reaches(alert("firing"), 90, (value) => value >= 1);
    report.figure("stop to alert firing", secondsSince(stoppedAt));
  });
  await report.check("the client counts an outage as loss and continues when the lab is back", async () => {
    const secondsAway = (performance.now() - stoppedAt) / 1000;
    await stack.must("start", "lab");
    for (const protocol of ["http", "tcp", "udp"]) {
      const answered = `sum(increase(wirelab_load_answered_total{protocol="${protocol}"}[15s]))`;
      await stack.reaches(answered, 60, (value) => value > 2);
    }
    // One packet per second on each of three protocols: more are lost than seconds have passed.
    const lost = (await stack.reaches(LOST, 30, (value) => value - lostBefore > secondsAway)) - lostBefore;
    const [traffic = ""] = await stack.containers("traffic");
    expectEqual(await stack.inspect(traffic, "{{.RestartCount}} {{.State.Status}}"), "0 running");
    return `${lost} packets lost in ${secondsAway.toFixed(0)} s without a lab`;
  });
}

async function survivesPrometheusOutage(stack: Stack, report: Report): Promise<void> {
  await report.check("the lab answers while Prometheus is down", async () => {
    await stack.must("stop", "prometheus");
    expectEqual(await askUdp(stack.ports.udp), "ACK-UDP");
    await stack.must("start", "prometheus");
    await stack.reaches(LABS_UP, 60, (value) => value === 1);
  });
}

async function keepsData(stack: Stack, report: Report): Promise<void> {
  await report.check("down and up keep the data", async () => {
    const at = Date.now() / 1000;
    const total = 'sum(packets_total{job="wirelab"})';
    const before = await stack.query(total, at);
    const ca = await authorityOf(stack.ports.http);
    expectThat(before !== undefined && before > 0, "no data before the restart");
    await stack.must("down", "--timeout", "2");
    await stack.must("up", "--detach", ...SERVICES);
    await stack.reaches(LABS_UP, 90, (value) => value === 1); // the series of the previous lab, at another address, become stale
    expectEqual(await stack.query(total, at), before);
    expectEqual(await authorityOf(stack.ports.http), ca);
    return `${before} packets before and after`;
  });
}

async function reportsErrors(stack: Stack, report: Report): Promise<void> {
  await report.check("an invalid variable stops the lab with one line and status 2 after three restarts", async () => {
    const { output } = await stack.compose(["up", "--detach", "lab"], { WIRELAB_IMPAIR: "udp:dorp=1" });
    const [lab = ""] = await stack.containers("lab");
    expectThat(lab !== "", output);
    const state = () => stack.inspect(lab, "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}");
    await until("the lab to stop", 20, async () => ((await state()) === "exited 2 3" ? true : undefined));
    const lines = (await stack.shell.read("docker", "logs", lab)).split("\n");
    expectEqual(new Set(lines).size, 1);
    return lines[0];
  });
  await report.check("an error about a host port in use names the port", async () => {
    using occupied = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { status, output } = await stack.compose(["up", "--detach", "--no-deps", "relay"], {
      WIRELAB_TCP_PORT: String(occupied.port),
    });
    expectThat(status !== 0 && output.includes(String(occupied.port)), output);
    return output.split("\n").find((line) => line.includes(String(occupied.port)));
  });
}
