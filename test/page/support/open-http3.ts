/**
 * Uses the lab's page over HTTP/3 and prints what it shows: bun open-http3.ts ORIGIN KEY-HASH. In a process of its own, because
 * all pages of a process share one browser, which has the arguments of the first.
 */
import { until } from "../../support/until.ts";
import { openPage } from "./browser.ts";
import { nowColumn } from "./columns.ts";

const [origin = "", hash = ""] = process.argv.slice(2);
const argv = [`--origin-to-force-quic-on=${origin}`, `--ignore-certificate-errors-spki-list=${hash}`];
using page = await openPage(`https://${origin}/`, { argv });
const first = await page.value<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol");
const answer = await page.value<string>(
  "fetch('/', { method: 'POST', body: '{\"n\":7}' }).then((response) => response.text())",
);
const octets = await page.value<number>("fetch('/bytes/70000').then(async (r) => (await r.bytes()).length)");
await page.shows("#live", "live");
await page.click("#now-protocols label[data-protocol=http3]");
await until(async () => (await page.text(`${nowColumn("http3")} .total`)).startsWith("2 packets"), "both packets");
const total = await page.text(`${nowColumn("http3")} .total`);
const versions = await page.value<string>(
  "[...new Set(performance.getEntriesByType('resource').map((entry) => entry.nextHopProtocol))].join()",
);
console.log(JSON.stringify({ first, answer, octets, total, versions, problems: page.problems }));
