/**
 * Takes screenshots of the page: starts a lab, sends a minute of traffic while faults change, runs two load runs, and
 * opens the page in light, dark, narrow and wide windows. Needs Chromium.
 * bun run scripts/screenshots.ts [FOLDER] writes page.png, page-dark.png, page-narrow.png, page-wide.png and
 * page-runs.png into FOLDER, by default docs.
 */
import { join } from "node:path";
import { CLASSICS, PORT_PROTOCOLS } from "../src/base/protocol.ts";
import { parseImpairments } from "../src/faults/text.ts";
import { startLab } from "../src/lab.ts";

const [given = join(import.meta.dir, "..", "docs")] = process.argv.slice(2);
if (given.startsWith("-")) {
  console.log("usage: bun run scripts/screenshots.ts [FOLDER]   writes screenshots of the page, by default into docs");
  process.exit(given === "--help" || given === "-h" ? 0 : 2);
}
const folder = given;
const chromium = Bun.which("chromium");
if (!chromium) {
  console.error("screenshots: chromium is not installed");
  process.exit(1);
}

const ports = Object.fromEntries(PORT_PROTOCOLS.map((protocol) => [`${protocol}Port`, 0]));
await using lab = await startLab(ports);
const base = `http://127.0.0.1:${lab.ports.http}`;

/** The faults from each second of the traffic on. */
const TIMELINE = [
  [0, "http:delay=normal(12,3);tcp:delay=normal(3,1)"],
  [22, "http:delay=normal(12,3);tcp:delay=normal(3,1);udp:drop=0.2,delay=uniform(0,50)"],
  [40, "http:delay=normal(60,12),status=503:0.05;tcp:delay=normal(3,1);udp:drop=0.2,delay=uniform(0,50)"],
  [52, "http:delay=normal(60,12),status=503:0.05;tcp:drop=0.05,delay=normal(3,1);udp:drop=0.2,delay=uniform(0,50)"],
] as const;
const TIMELINE_SECONDS = 66;

/** Sets the faults of the protocols whose faults differ, so that each change marks only its own protocol. */
async function setFaults(text: string): Promise<void> {
  const current = (await (await fetch(`${base}/impairments`)).json()) as { impairments: object };
  const wanted = parseImpairments(text);
  for (const protocol of CLASSICS) {
    const now = Reflect.get(current.impairments, protocol);
    if (Bun.deepEquals(now, wanted[protocol])) continue;
    const headers = { "content-type": "application/json" };
    await fetch(`${base}/impairments/${protocol}`, { method: "PUT", headers, body: JSON.stringify(wanted[protocol]) });
  }
}

/** Sends plain packets at a varying rate and sets the faults of the timeline. */
async function sendFor(seconds: number): Promise<void> {
  const udp = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: lab.ports.udp } });
  const connect = () =>
    Bun.connect({ hostname: "127.0.0.1", port: lab.ports.tcp, socket: { data() {}, close: () => void reconnect() } });
  let tcp = await connect();
  async function reconnect(): Promise<void> {
    tcp = await connect();
  }
  const startedAt = performance.now();
  let step = 0;
  for (let sent = 0; performance.now() - startedAt < seconds * 1000; sent++) {
    const at = (performance.now() - startedAt) / 1000;
    for (; step < TIMELINE.length && at >= (TIMELINE[step]?.[0] ?? 0); step++)
      await setFaults(TIMELINE[step]?.[1] ?? "none");
    udp.send(`Hello UDP ${sent}`);
    if (Math.sin(at / 5) > -0.4) udp.send(`Hello UDP ${sent} again`);
    if (sent % 3 === 0) tcp.write(`Hello TCP ${sent}`);
    if (sent % 2 === 0) void fetch(base, { method: "POST", body: `{"n":${sent}}` }).catch(() => undefined);
    await Bun.sleep(7 + 4 * Math.sin(at / 9));
  }
  udp.close();
}

/** Opens the page, evaluates `prepare` in it and writes a screenshot to `name`. */
async function shoot(name: string, width: number, height: number, dark: boolean, prepare = "0"): Promise<void> {
  using view = new Bun.WebView({
    width,
    height,
    backend: { type: "chrome", path: chromium ?? "", argv: ["--no-sandbox", "--hide-scrollbars"] },
  });
  await view.navigate("about:blank");
  const scheme = { name: "prefers-color-scheme", value: dark ? "dark" : "light" };
  await view.cdp("Emulation.setEmulatedMedia", {
    features: [scheme, { name: "prefers-reduced-motion", value: "reduce" }],
  });
  // A headless window is higher than its viewport; this sets the size of the viewport.
  await view.cdp("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  await view.navigate(base);
  await Bun.sleep(2500); // two snapshots, and the font
  await view.evaluate(prepare);
  await Bun.sleep(800);
  await Bun.write(join(folder, name), await view.screenshot());
  console.log(join(folder, name));
}

/** Runs two load runs against the lab, each with faults of its own. */
async function runTwice(): Promise<void> {
  for (const text of ["udp:drop=0.05,delay=uniform(0,20)", "udp:drop=0.1/0.1,delay=pareto(5,1.5)"]) {
    await setFaults(text);
    const body = JSON.stringify({ protocol: "udp", rate: 500, seconds: 5, warmup: 0.5 });
    await fetch(`${base}/runs`, { method: "POST", headers: { "content-type": "application/json" }, body });
    for (let state = ""; state !== "done" && state !== "failed"; await Bun.sleep(200)) {
      state = String(Reflect.get((await (await fetch(`${base}/runs/current`)).json()) ?? {}, "state"));
    }
  }
}

const OPEN_COMPARISON = `(() => {
  for (const box of document.querySelectorAll("table.runs input")) box.click();
  document.querySelector("#runs-card .tools button").click();
  setTimeout(() => scrollTo(0, document.querySelector("#runs").offsetTop - 70), 400);
})()`;

const traffic = sendFor(TIMELINE_SECONDS + 24);
await Bun.sleep(TIMELINE_SECONDS * 1000);
await shoot("page.png", 1440, 1130, false);
await shoot("page-dark.png", 1440, 2600, true);
await shoot("page-narrow.png", 390, 2200, true);
await shoot("page-wide.png", 2560, 1440, false);
await traffic;
await runTwice();
await shoot("page-runs.png", 1440, 1300, false, OPEN_COMPARISON);
process.exit(0);
