/**
 * Measures the cost of the page: the size of its scripts, the time to its first paint, and the CPU time and bandwidth
 * that its viewers use.
 * bun run scripts/page-cost.ts [VIEWERS] [SECONDS]
 */
import { bundlePage } from "../src/api/page.ts";
import { REGISTRY } from "../src/base/protocol.ts";

const [viewers = 50, seconds = 20] = process.argv.slice(2).map(Number);
const PORTS = { http: REGISTRY.http.port + 180, tcp: REGISTRY.tcp.port + 180, udp: REGISTRY.udp.port + 180 };
const BASE = `http://127.0.0.1:${PORTS.http}`;

async function scriptBytes(): Promise<{ plain: number; zipped: number }> {
  const scripts = [...(await bundlePage()).values()].filter(({ type }) => type.includes("javascript"));
  return {
    plain: scripts.reduce((sum, { plain }) => sum + plain.size, 0),
    zipped: scripts.reduce((sum, { plain, zipped }) => sum + (zipped ?? plain).size, 0),
  };
}

function isReady(): Promise<boolean> {
  return fetch(`${BASE}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Starts the lab in a process of its own, whose CPU time is the lab's alone. */
async function startLab() {
  const flags = Object.entries(PORTS).flatMap(([name, port]) => [`--${name}-port`, String(port)]);
  const lab = Bun.spawn(["bun", `${import.meta.dir}/../src/main.ts`, ...flags, "--tls", "off", "--log-level", "warn"], {
    stdout: "ignore",
  });
  for (let i = 0; i < 200; i++) {
    if (await isReady()) return lab;
    await Bun.sleep(25);
  }
  throw new Error("the lab did not start");
}

/** Ms from navigation to first contentful paint, four times. The first time includes the bundling of the page. */
async function firstPaints(): Promise<readonly number[]> {
  const path = Bun.which("chromium");
  if (!path) return [];
  const paints: number[] = [];
  for (let i = 0; i < 4; i++) {
    using view = new Bun.WebView({
      width: 1280,
      height: 900,
      backend: { type: "chrome", path, argv: ["--no-sandbox"] },
    });
    await view.navigate(`${BASE}/`);
    const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0";
    let at = 0;
    for (let wait = 0; at === 0 && wait < 100; wait++) {
      at = Number(await view.evaluate(paint));
      await Bun.sleep(20);
    }
    paints.push(at);
  }
  return paints;
}

/** Sends about 200 datagrams a second, which fills the packet sample of each snapshot. Returns a function that stops it. */
function startTraffic(): () => void {
  const socket = Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: PORTS.udp } });
  const timer = setInterval(async () => void (await socket).send("Hello UDP 7"), 5);
  return () => clearInterval(timer);
}

/** CPU time that the lab has used, s. */
async function cpuSeconds(): Promise<number> {
  const text = await (await fetch(`${BASE}/metrics`)).text();
  return [...text.matchAll(/^process_cpu_seconds_total\{.*\} (\S+)$/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

/** CPU time that the lab uses in the next `seconds`, s. */
async function measureCpu(): Promise<number> {
  const before = await cpuSeconds();
  await Bun.sleep(seconds * 1000);
  return (await cpuSeconds()) - before;
}

/** Opens the viewers' streams. `bytes` counts what they have read since it was last set. */
function openViewers() {
  const abort = new AbortController();
  const readers = { bytes: 0, close: () => abort.abort() };
  for (let i = 0; i < viewers; i++) {
    void fetch(`${BASE}/live`, { signal: abort.signal })
      .then(async ({ body }) => {
        for await (const chunk of body ?? []) readers.bytes += chunk.length;
      })
      .catch(() => undefined); // aborted at the end
  }
  return readers;
}

const lab = await startLab();
try {
  const { plain, zipped } = await scriptBytes();
  console.log(`script: ${(plain / 1000).toFixed(1)} kB, ${(zipped / 1000).toFixed(1)} kB gzipped`);
  const paints = await firstPaints();
  console.log(`first contentful paint: ${paints.map((at) => `${at.toFixed(0)} ms`).join(", ") || "no chromium"}`);
  const stopTraffic = startTraffic();
  await Bun.sleep(2000);
  const alone = await measureCpu();
  const readers = openViewers();
  await Bun.sleep(2000);
  readers.bytes = 0;
  const watched = await measureCpu();
  const { bytes } = readers;
  readers.close();
  stopTraffic();
  const percent = (value: number) => `${((100 * value) / seconds).toFixed(2)} %`;
  console.log(
    `CPU over ${seconds} s: ${percent(alone)} without viewers, ${percent(watched)} with ${viewers}: ${percent(watched - alone)} for the viewers`,
  );
  console.log(`each viewer reads ${(bytes / viewers / seconds / 1000).toFixed(1)} kB/s`);
} finally {
  lab.kill();
}
process.exit(0);
