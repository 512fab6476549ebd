/**
 * Measures the cost of the page: the size of its scripts, the time to its first paint, and the CPU time and bytes of its
 * viewers. bun run scripts/page-cost.ts [VIEWERS] [SECONDS]
 */
import { bundlePage } from "../src/api/page.ts";

const [viewers = 50, seconds = 20] = process.argv.slice(2).map(Number);
const PORTS = { http: 5180, tcp: 6180, udp: 7180 };
const BASE = `http://127.0.0.1:${PORTS.http}`;

async function scriptBytes(): Promise<{ plain: number; zipped: number }> {
  const scripts = [...(await bundlePage()).values()].filter(({ type }) => type.includes("javascript"));
  return {
    plain: scripts.reduce((sum, { plain }) => sum + plain.length, 0),
    zipped: scripts.reduce((sum, { plain, zipped }) => sum + (zipped ?? plain).length, 0),
  };
}

/** Starts the lab in a separate process, so that its CPU time can be measured. */
async function startLab() {
  const flags = Object.entries(PORTS).flatMap(([name, port]) => [`--${name}-port`, String(port)]);
  const lab = Bun.spawn(["bun", `${import.meta.dir}/../src/main.ts`, ...flags, "--log-level", "warn"], {
    stdout: "ignore",
  });
  for (let i = 0; i < 200; i++) {
    if (
      await fetch(`${BASE}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return lab;
    await Bun.sleep(25);
  }
  throw new Error("the lab did not start");
}

/** Returns the ms from navigation to first contentful paint; the first includes the bundling of the page. */
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

/** Sends about 200 datagrams per second, so that each snapshot has its maximum size. */
function startTraffic(): () => void {
  const socket = Bun.udpSocket({ connect: { hostname: "127.0.0.1", port: PORTS.udp } });
  const timer = setInterval(async () => void (await socket).send("Hello UDP 7"), 5);
  return () => clearInterval(timer);
}

async function cpuSeconds(): Promise<number> {
  const text = await (await fetch(`${BASE}/metrics`)).text();
  return [...text.matchAll(/^process_cpu_seconds_total\{.*\} (\S+)$/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
}

/** Returns the CPU seconds of the lab during `seconds`. */
async function cpuSecondsDuring(): Promise<number> {
  const before = await cpuSeconds();
  await Bun.sleep(seconds * 1000);
  return (await cpuSeconds()) - before;
}

const lab = await startLab();
try {
  const { plain, zipped } = await scriptBytes();
  console.log(`script: ${(plain / 1000).toFixed(1)} kB, ${(zipped / 1000).toFixed(1)} kB gzipped`);
  const paints = await firstPaints();
  console.log(`first contentful paint: ${paints.map((at) => `${at.toFixed(0)} ms`).join(", ") || "no chromium"}`);
  const stop = startTraffic();
  await Bun.sleep(2000);
  const alone = await cpuSecondsDuring();
  let bytes = 0;
  const abort = new AbortController();
  for (let i = 0; i < viewers; i++) {
    void fetch(`${BASE}/live`, { signal: abort.signal })
      .then(async ({ body }) => {
        for await (const chunk of body ?? []) bytes += chunk.length;
      })
      .catch(() => undefined); // the end of the measurement
  }
  await Bun.sleep(2000);
  bytes = 0;
  const watched = await cpuSecondsDuring();
  abort.abort();
  stop();
  const percent = (value: number) => `${((100 * value) / seconds).toFixed(2)} %`;
  console.log(
    `CPU over ${seconds} s: ${percent(alone)} without viewers, ${percent(watched)} with ${viewers}: ${percent(watched - alone)} for the viewers`,
  );
  console.log(`each viewer reads ${(bytes / viewers / seconds / 1000).toFixed(1)} kB/s`);
} finally {
  lab.kill();
}
process.exit(0);
