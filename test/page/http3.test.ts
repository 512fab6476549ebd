/** The lab's HTTP/3 listener with Chromium, which trusts the lab's certificate and no other. */
import { expect } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { connect } from "node:tls";
import { ALL_FREE_PORTS, startTestLab, urlOf } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { browserTest } from "./support/browser.ts";

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
  const script = join(import.meta.dir, "support/open-http3.ts");
  const child = Bun.spawn([process.execPath, script, `127.0.0.1:${lab.ports.http3}`, hash], { stderr: "inherit" });
  expect(await new Response(child.stdout).json()).toEqual({
    first: "h3",
    answer: '{"status":"received"}',
    octets: 70_000,
    total: "2 packets since the start, 0 dropped",
    versions: "h3",
    problems: [],
  });
  expect(await child.exited).toBe(0);
  expect((await scrape(lab)).get("packets_total", { protocol: "http3" })).toBe(2);
});
