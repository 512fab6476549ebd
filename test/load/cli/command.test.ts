/** The load command: its output, its files and its exit status. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CLASSICS } from "../../../src/base/protocol.ts";
import { parseImpairments } from "../../../src/faults/text.ts";
import { type Lab, startLab } from "../../../src/lab.ts";
import { runCommand } from "../../../src/load/cli/command.ts";
import { readReports } from "../../../src/load/report/files/json.ts";
import { startTestLab } from "../../support/lab.ts";
import { until } from "../../support/until.ts";
import { recordingEnvironment } from "../support/environment.ts";
import { unwrapped } from "../support/reports.ts";
import { balanced } from "../support/sums.ts";
import { deadTcpPort } from "../support/targets.ts";

let lab: Lab;
let lossy: Lab;
beforeAll(async () => {
  lab = await startTestLab();
  lossy = await startTestLab({ impair: parseImpairments("udp:drop=0.1/0.1") });
});
afterAll(async () => {
  await lab.stop();
  await lossy.stop();
});

/** Runs the command against the UDP port of a lab. */
async function run(line: string, files: Record<string, string> = {}, on = lab) {
  const { recorded, environment } = recordingEnvironment(files);
  const words = `--proto udp --target 127.0.0.1:${on.ports.udp} --control 127.0.0.1:${on.ports.http} --rate 1000 --timeout 300ms --interval 100ms ${line}`;
  const status = await runCommand(words.split(" "), environment);
  return { status, ...recorded };
}

describe("the command", () => {
  test("shows progress, a table and a summary line", async () => {
    const { status, out, err } = await run("--count 300");
    expect(status).toBe(0);
    expect(err).toMatch(/^udp {2}.*\/s {2}answered \d+ {2}lost 0 {2}p50 /m);
    expect(out).toMatch(/^udp {2}(valid|NOT VALID) {2}300 of 300 answered, 0 % lost, p50 \d/);
    expect(out).toMatch(/^answered +300 /m);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^udp: 300 of 300 answered, 0 % lost, p50 \d/);
  });

  test("--json - and --csv - print only data; the text report goes to standard error", async () => {
    const json = await run("--count 50 --json -");
    expect(readReports(json.out)?.[0]?.packets.answered).toBe(50);
    expect(json.err).toMatch(/50 of 50 answered/);
    const csv = await run("--count 300 --csv - --json r.json");
    const rows = csv.out.trimEnd().split("\n");
    expect(rows[0]).toStartWith("protocol,seconds,planned,");
    expect(rows.slice(1).reduce((sum, row) => sum + Number(row.split(",")[5]), 0)).toBe(300);
    expect(csv.err).toMatch(/300 of 300 answered/);
    expect(Object.keys(csv.files)).toEqual(["r.json"]);
  });

  test("a reader that closes standard output is an output that could not be written", async () => {
    const { recorded, environment } = recordingEnvironment();
    const out = () => Promise.reject(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    const line = `--proto udp --target 127.0.0.1:${lab.ports.udp} --control none --count 20 --csv - --quiet`;
    expect(await runCommand(line.split(" "), { ...environment, out })).toBe(2);
    expect(recorded.err).toBe("--csv -: the reader has closed it\n");
  });

  test("finds the lab on this machine at the ports of its variables, and warns of unknown variables", async () => {
    const { recorded, environment } = recordingEnvironment();
    const variables = {
      WIRELAB_UDP_PORT: `${lab.ports.udp}`,
      WIRELAB_HTTP_PORT: `${lab.ports.http}`,
      WIRELAB_HTP_PORT: "1",
    };
    const words = "--proto udp --rate 1000 --count 20 --quiet --json r.json".split(" ");
    expect(await runCommand(words, { ...environment, variables })).toBe(0);
    const [report] = readReports(recorded.files["r.json"] ?? "") ?? [];
    expect([report?.target, report?.packets.answered]).toEqual([`127.0.0.1:${lab.ports.udp}`, 20]);
    expect(report?.evidence.kind).toBe("lab");
    expect(recorded.err).toBe(
      "warning: WIRELAB_HTP_PORT: no such variable, it has no effect; did you mean WIRELAB_HTTP_PORT?\n",
    );
  });

  test("shows the warm-up before the measurement", async () => {
    const { err } = await run("--count 100 --warmup 250ms");
    const lines = err.split("\n");
    expect(lines[0]).toBe("udp   warm-up of 250 ms, which is not measured");
    expect(lines[1]).toMatch(/^udp {3}warm-up [\d.]+ ms of 250 ms, [\d,]+ sent$/);
    expect(lines.findIndex((line) => line.includes("answered"))).toBeGreaterThan(1);
  });

  test("--save is refused before the run if the runs cannot be kept", async () => {
    const { recorded, environment } = recordingEnvironment();
    const check = () => {
      throw new Error("runs.db is damaged");
    };
    const words = `--proto udp --target 127.0.0.1:${lab.ports.udp} --count 5 --save --json r.json`.split(" ");
    expect(await runCommand(words, { ...environment, save: { check, keep: () => "kept" } })).toBe(2);
    expect([recorded.out, recorded.err, recorded.files]).toEqual(["", "--save: runs.db is damaged\n", {}]);
  });

  test("--version prints the version", async () => {
    const { recorded, environment } = recordingEnvironment();
    expect(await runCommand(["-v"], { ...environment, variables: { WIRELAB_UDP_PORT: "x" } })).toBe(0);
    expect(recorded.out).toBe("1.2.3\n");
  });

  test("--json - prints only the report; --quiet hides the progress", async () => {
    const { out, err } = await run("--count 50 --json - --quiet");
    const [report] = readReports(out) ?? [];
    expect(err).toBe("");
    if (report === undefined) throw new Error("no report");
    expect(balanced(report).packets.answered).toBe(50);
  });

  test("writes JSON, CSV, HTML and HDR", async () => {
    const { files, status } = await run("--count 300 --json r.json --csv r.csv --html r.html --hdr r.hdr", {}, lossy);
    expect(status).toBe(0);
    const [report] = readReports(files["r.json"] ?? "") ?? [];
    const rows = (files["r.csv"] ?? "").trim().split("\n");
    expect(rows[0]).toBe(
      "protocol,seconds,planned,unsent,refused,sent,answered,lost,late,failed,corrupt,duplicate,reordered,p50,p99,max,p95",
    );
    const sum = (column: number) => rows.slice(1).reduce((total, row) => total + Number(row.split(",")[column]), 0);
    expect([sum(5), sum(6), sum(7)]).toEqual([300, report?.packets.answered ?? -1, report?.packets.lost ?? -1]);
    const html = files["r.html"] ?? "";
    expect(html.match(/<svg /g)?.length).toBe(4);
    expect(html).not.toMatch(/<script|<link|src=|href=|url\(|@import/);
    expect(files["r.hdr"]).toMatch(/Value\s+Percentile\s+TotalCount/);
    expect(files["r.hdr"]).toContain(`Total count    = ${`${report?.packets.answered}`.padStart(12)}`);
  });

  test("a file that cannot be written is one error line, and the report is still printed", async () => {
    const { status, out, err, files } = await run(
      "--count 50 --quiet --json /full/r.json --csv /full/r.csv --html r.html",
    );
    expect(status).toBe(2);
    expect(err.trim().split("\n").sort()).toEqual([
      "--csv /full/r.csv: ENOSPC: no space left on device",
      "--json /full/r.json: ENOSPC: no space left on device",
    ]);
    expect(out).toContain("50 of 50 answered");
    expect(files["r.html"]).toContain("</html>");
  });

  test.each(["json", "csv", "packets", "html", "hdr"])(
    "--%s in a folder that does not exist is an error before the run, and no other file is changed",
    async (flag) => {
      const other = flag === "csv" ? "--json r.json" : "--csv r.csv";
      const { status, out, err, files } = await run(`--count 50 ${other} --${flag} /missing/file`);
      expect([status, out, files]).toEqual([2, "", {}]);
      expect(err).toBe(`--${flag} /missing/file: ENOENT: no such file or directory\n`);
    },
  );

  test("the status is 0 if all objectives are met and 1 if one is missed or cannot be judged", async () => {
    const met = await run("--count 400 --slo p50<10s --slo loss<5% --slo rate>=500");
    expect([met.status, met.out.match(/: met(, but the run is not valid)?: /g)?.length]).toEqual([0, 3]);
    const missed = await run("--count 100 --slo max<1us");
    expect(missed.status).toBe(1);
    expect(missed.out).toMatch(/objective max<1us: MISSED: /);
    const unsure = await run("--count 100 --slo loss<0.1% --slo p999<10s");
    expect(unsure.status).toBe(1);
    expect(unwrapped(unsure.out)).toContain(
      "objective loss<0.1%: MISSED: 0 %, confidence limit 2.95 % (the value meets the objective, its 95 % confidence interval does not; a longer run narrows the interval)",
    );
    expect(unwrapped(unsure.out)).toContain(
      "objective p999<10s: MISSED: – (cannot be judged: p999 needs 3688 packets, there are 100)",
    );
    expect(unsure.out).toContain("NOT VALID");
  });

  test("--compare shows which changes are significant", async () => {
    const { files } = await run("--count 400 --json old.json");
    const { out } = await run(
      "--count 400 --compare old.json --explain",
      { "old.json": files["old.json"] ?? "" },
      lossy,
    );
    // Below the report and the explanation, above the last line.
    const places = ["settings: ", "\nsent ", "\n\npacket accounting\n", "\nudp  ", "\nudp: "].map((text) =>
      out.indexOf(text),
    );
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
    expect(out).toMatch(/^loss +0 % +[\d.]+ % +new +higher$/m);
    expect(unwrapped(out)).toContain("One pair of runs cannot tell a change from the ordinary variation between runs");
    const refused = await run("--count 4 --compare old.json", { "old.json": "{}" });
    expect([refused.status, refused.err]).toEqual([2, "--compare old.json: not a JSON report of this command\n"]);
  });

  test("--explain defines the numbers with the values of the run", async () => {
    const { out } = await run("--count 300 --explain");
    for (const text of [
      "300 sent = 300 answered + 0 lost",
      "coordinated omission",
      "RFC 3393",
      "RFC 5481",
      "section 6.4.1",
      "two-state Markov chain",
      "T2 - T1",
    ]) {
      expect(out).toContain(text);
    }
  });

  test("the first Ctrl-C ends the run with its report and status 130, the second ends the process", async () => {
    const { recorded, environment } = recordingEnvironment();
    const ended = runCommand(
      `--proto udp --target 127.0.0.1:${lab.ports.udp} --control none --duration forever --interval 50ms`.split(" "),
      environment,
    );
    await until(() => recorded.err.includes("answered"), "the progress");
    recorded.interrupt();
    expect(await ended).toBe(130);
    expect(recorded.out).toMatch(/^udp: \d+ of \d+ answered/m);
    recorded.interrupt();
    expect(recorded.exits).toEqual([130]);
  });

  test("a run without an answer has status 3 and one line with the reason", async () => {
    const { recorded, environment } = recordingEnvironment();
    const port = deadTcpPort();
    expect(await runCommand(`--proto tcp --control none --target 127.0.0.1:${port}`.split(" "), environment)).toBe(3);
    expect(recorded.out).toContain(
      `tcp: 0 of 0 answered: nothing could be measured: nothing listens at 127.0.0.1:${port} (ECONNREFUSED)`,
    );
    expect(await runCommand("--proto udp --control none --target no.such.name.invalid".split(" "), environment)).toBe(
      3,
    );
    expect(recorded.out).toContain("no.such.name.invalid does not resolve");
  });

  test("bad usage has status 2 and one error line, and no run starts", async () => {
    const { recorded, environment } = recordingEnvironment();
    expect(await runCommand(["--proto", "all", "--size", "70000"], environment)).toBe(2);
    expect(await runCommand(["--proto", "http", "--body", "@none"], environment)).toBe(2);
    expect(recorded.err).toBe("--size 70000: expected 44 to 65535\n--body @none: no such file\n");
  });

  test("the percentiles of an interval are over all packets whose outcome became known in it", async () => {
    const rowsOf = (csv = "") => {
      const [head = "", ...lines] = csv.trim().split("\n");
      return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [head.split(",")[i], cell])));
    };
    await using most = await startTestLab({ impair: parseImpairments("udp:drop=0.6") });
    const lost = await run("--duration 1s --csv a.csv", {}, most);
    const known = rowsOf(lost.files["a.csv"]).filter(({ answered }) => Number(answered) >= 6);
    const isOver = ({ answered, lost, late }: Record<string, string>) =>
      Number(answered) < Math.ceil((Number(answered) + Number(lost) + Number(late)) / 2);
    expect(known.some(isOver)).toBe(true); // from one timeout on, when losses are known
    expect(known.map(({ p50 }) => p50 === "inf")).toEqual(known.map(isOver));
    expect(Number(known.at(-1)?.max)).toBeGreaterThan(0);
    expect(lost.err).toContain("p50 > 300 ms");
  }, 20_000);

  test("--metrics-port serves the series of the run while it lasts, with the directions of losses", async () => {
    const { recorded, environment } = recordingEnvironment();
    const port = deadTcpPort();
    const line = `--proto udp --target 127.0.0.1:${lossy.ports.udp} --control 127.0.0.1:${lossy.ports.http} --rate 500 --duration forever --timeout 100ms --quiet --metrics-port ${port}`;
    const ended = runCommand(line.split(" "), environment);
    const read = async () => (await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined))?.text() ?? "";
    const withLosses = async () => {
      const text = await read();
      return /lost_total\{protocol="udp",direction="up"\} [1-9]/.test(text) && text;
    };
    const text = await until(withLosses, "losses upstream", 10_000);
    recorded.interrupt();
    await ended;
    const value = (series: string) =>
      Number(
        text
          .split("\n")
          .find((row) => row.startsWith(series))
          ?.split(" ")
          .at(-1),
      );
    const lost = ["up", "down", "unexplained"].map((direction) =>
      value(`wirelab_load_lost_total{protocol="udp",direction="${direction}"}`),
    );
    expect(lost[0]).toBeGreaterThan(0);
    expect(lost[1]).toBeGreaterThan(0);
    expect(lost[2]).toBe(0);
    expect(value('wirelab_load_response_time_seconds_count{protocol="udp"}')).toBe(
      value('wirelab_load_answered_total{protocol="udp"}'),
    );
    expect(value('wirelab_load_response_time_seconds_bucket{protocol="udp",le="10"}')).toBe(
      value('wirelab_load_answered_total{protocol="udp"}'),
    );
    expect(value('wirelab_build_info{version="1.2.3",bun_version="4.5.6"}')).toBe(1);
    expect(value('process_cpu_seconds_total{mode="system"}')).toBe(2);
  }, 20_000);
});

test("--proto all runs every protocol at the same time against one host", async () => {
  // The default ports on another loopback address, because a lab may already listen on 127.0.0.1.
  await using classroom = await startLab({
    host: "127.0.0.77",
    impair: parseImpairments("udp:drop=0.2;tcp:drop=0/0.2"),
  });
  expect(classroom.ports).toMatchObject({ http: 5000, tcp: 6000, udp: 7000 });
  const { recorded, environment } = recordingEnvironment();
  const line =
    "--proto all --target 127.0.0.77 --rate 300 --count 150 --timeout 1s --wait 1s --json all.json --html all.html --hdr all.hdr";
  expect(await runCommand(line.split(" "), environment)).toBe(0);
  const reports = readReports(recorded.files["all.json"] ?? "") ?? [];
  expect(reports.map(({ protocol }) => protocol)).toEqual([...CLASSICS]);
  const [http, tcp, udp] = reports.map((report) => balanced(report).packets);
  expect(http).toMatchObject({ sent: 150, answered: 150 });
  expect(tcp).toMatchObject({ sent: 150, lostUp: 0, lostDown: tcp?.lost ?? -1 });
  expect(udp).toMatchObject({ sent: 150, lostDown: 0, lostUp: udp?.lost ?? -1 });
  expect((tcp?.lost ?? 0) * (udp?.lost ?? 0)).toBeGreaterThan(0);
  expect(recorded.out).toMatch(new RegExp(`^ +${CLASSICS.join(" +")}$`, "m"));
  expect(recorded.files["all.html"]?.match(/<svg /g)?.length).toBe(4 * CLASSICS.length + 2);
  expect(Object.keys(recorded.files).filter((path) => path.endsWith(".hdr"))).toEqual(
    CLASSICS.map((protocol) => `all-${protocol}.hdr`),
  );
});

describe("--packets", () => {
  test("writes a row for each packet of every protocol into one file", async () => {
    const { recorded, environment } = recordingEnvironment();
    const { status, files } = await run("--count 40 --quiet --json r.json --packets r.csv", {}, lossy);
    const rows = (files["r.csv"] ?? "").trimEnd().split("\n");
    const [report] = readReports(files["r.json"] ?? "") ?? [];
    expect([status, rows.length, report?.packetLog]).toEqual([0, 41, { rows: 40, omitted: 0 }]);
    expect(rows.filter((row) => row.includes(",lost,")).length).toBe(report?.packets.lost ?? -1);
    expect(rows[0]).toStartWith("protocol,session,sequence,fate,intended,sent,");
    const line =
      "--proto all --target 127.0.0.78 --rate 300 --count 10 --timeout 1s --wait 1s --quiet --packets all.jsonl";
    await using all = await startLab({ host: "127.0.0.78" });
    expect(all.ports.http).toBe(5000);
    expect(await runCommand(line.split(" "), environment)).toBe(0);
    const objects = (recorded.files["all.jsonl"] ?? "")
      .trimEnd()
      .split("\n")
      .map((row) => JSON.parse(row));
    for (const protocol of CLASSICS) {
      const own = objects.filter((row) => row.protocol === protocol);
      expect(own.length).toBe(10);
      expect(new Set(own.map(({ fate }) => fate))).toEqual(new Set(["answered"]));
    }
  });

  test("a file that cannot be written is one error line; the report has the number of rows that are missing", async () => {
    const { status, err, files } = await run("--count 50 --quiet --json r.json --packets /full/r.csv");
    const [report] = readReports(files["r.json"] ?? "") ?? [];
    expect(err).toBe("--packets /full/r.csv: ENOSPC: no space left on device\n");
    expect([status, report?.packetLog]).toEqual([2, { rows: 0, omitted: 50 }]);
    expect(report?.packets.sent).toBe(50);
  });

  test("without it the report has no number of rows, and no other file is written", async () => {
    const { files } = await run("--count 10 --quiet --json r.json");
    expect(readReports(files["r.json"] ?? "")?.[0]?.packetLog).toBeNull();
    expect(Object.keys(files)).toEqual(["r.json"]);
  });
});

test("as a process the command has the same statuses and outputs", async () => {
  const start = (words: string[]) =>
    Bun.spawn([process.execPath, "scripts/load.ts", ...words], {
      cwd: `${import.meta.dir}/../../..`,
      stdout: "pipe",
      stderr: "pipe",
    });
  const typo = start(["--proto", "udp", "--durration", "1s"]);
  expect([await typo.exited, await new Response(typo.stderr).text()]).toEqual([
    2,
    "unknown flag --durration; did you mean --duration?\n",
  ]);
  const help = start(["--help"]);
  expect(await new Response(help.stdout).text()).toContain("Examples");
  expect(await help.exited).toBe(0);
  const run = start([
    "--proto",
    "udp",
    "--target",
    `127.0.0.1:${lab.ports.udp}`,
    "--control",
    "none",
    "--duration",
    "forever",
    "--interval",
    "50ms",
  ]);
  for await (const chunk of run.stderr) if (Buffer.from(chunk).includes("answered")) break;
  run.kill("SIGINT");
  expect(await run.exited).toBe(130);
});
