/** The lab's HTTP/3 listener with Chromium, which trusts the lab's certificate and no other. */
import { expect } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { ALL_FREE_PORTS, startTestLab, urlOf } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { until } from "../support/until.ts";
import { browserTest, openPage } from "./support/browser.ts";
import { nowColumn } from "./support/columns.ts";

/** The certificate that a port presents to a client which trusts `ca`. */
async function certificateOf(port: number, ca: string): Promise<X509Certificate> {
  const socket = connect({ host: "127.0.0.1", port, ca });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("secureConnect", resolve).once("error", reject);
    await promise;
    return new X509Certificate(socket.getPeerCertificate(true).raw);
  } finally {
    socket.destroy();
  }
}

/** The SHA-256 of a public key in base64, by which Chromium is told to accept a certificate. */
function keyHash({ publicKey }: X509Certificate): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");
}

browserTest("Chromium gets the page, traffic routes and the live stream over HTTP/3", async () => {
  await using lab = await startTestLab(ALL_FREE_PORTS);
  const ca = await (await fetch(urlOf(lab, "/ca.pem"))).text();
  const hash = keyHash(await certificateOf(lab.ports.tls ?? 0, ca));
  const origin = `127.0.0.1:${lab.ports.http3}`;
  const argv = [`--origin-to-force-quic-on=${origin}`, `--ignore-certificate-errors-spki-list=${hash}`];
  using page = await openPage(`https://${origin}/`, { argv });
  const version = "performance.getEntriesByType('navigation')[0].nextHopProtocol";
  expect(await page.value<string>(version)).toBe("h3");
  const post = "fetch('/', { method: 'POST', body: '{\"n\":7}' }).then((response) => response.text())";
  expect(await page.value<string>(post)).toBe('{"status":"received"}');
  expect(await page.value<number>("fetch('/bytes/70000').then(async (r) => (await r.bytes()).length)")).toBe(70_000);
  await until(async () => (await scrape(lab)).get("packets_total", { protocol: "http3" }) === 2, "both packets");
  await page.shows("#live", "live");
  await page.click("#now-protocols label[data-protocol=http3]");
  await page.shows(`${nowColumn("http3")} .total`, "2 packets since the start, 0 dropped");
  const versions =
    "[...new Set(performance.getEntriesByType('resource').map((entry) => entry.nextHopProtocol))].join()";
  expect(await page.value<string>(versions)).toBe("h3");
  expect(page.problems).toEqual([]);
});
