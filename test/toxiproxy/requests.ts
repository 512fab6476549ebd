/** Requests in order, whose answers Toxiproxy 2.12.0 has given too (`answers.json`). */
import { ask } from "./support.ts";

/** A request: method, path, and a body that is sent as JSON, or as it is if it is a string. */
type Request = readonly [method: string, path: string, body?: unknown];

const LISTEN = "127.0.0.1:0";
const UPSTREAM = "127.0.0.1:1";

/** `{a}` stands for the address of the proxy `a`. */
export const REQUESTS: readonly Request[] = [
  ["GET", "/proxies"],
  ["POST", "/populate", []],
  ["POST", "/populate", ""],
  ["POST", "/populate", "null"],
  ["POST", "/populate", [{ name: "p" }]],
  ["POST", "/populate", [{ name: "p", upstream: UPSTREAM, listen: LISTEN }, { upstream: UPSTREAM }]],
  ["POST", "/proxies", { name: "a", listen: LISTEN, upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "a", listen: LISTEN, upstream: UPSTREAM }],
  ["POST", "/proxies", { NAME: "Off.1 é<&>", upstream: "nowhere", enabled: false }],
  ["POST", "/proxies", { name: "10", listen: "localhost:0", upstream: UPSTREAM, enabled: null }],
  ["POST", "/proxies", { listen: LISTEN, upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: LISTEN }],
  ["POST", "/proxies", { name: "b", listen: "{a}", upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: "nothing", upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: "127.0.0.1:99999", upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: "127.0.0.1:x", upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: "::1:8080", upstream: UPSTREAM }],
  ["POST", "/proxies", { name: "b", listen: "203.0.113.1:0", upstream: UPSTREAM }],
  ["POST", "/proxies", ""],
  ["POST", "/proxies", "{"],
  ["POST", "/proxies", "x"],
  ["POST", "/proxies", "[]"],
  ["POST", "/proxies", "null"],
  ["POST", "/proxies", { name: 5 }],
  ["POST", "/proxies", { name: "b", enabled: "yes" }],
  ["GET", "/proxies"],
  ["GET", "/proxies/a"],
  ["GET", "/proxies/10"],
  ["GET", "/proxies/Off.1%20%C3%A9%3C&%3E"],
  ["GET", "/proxies/none"],
  ["GET", "/proxies/a/toxics"],
  ["GET", "/proxies/none/toxics"],
  ["POST", "/proxies/none/toxics", { type: "latency" }],
  ["POST", "/proxies/a/toxics", { type: "latency", attributes: { latency: 5, jitter: 2, other: 1 } }],
  ["POST", "/proxies/a/toxics", { type: "latency" }],
  ["POST", "/proxies/a/toxics", { type: "latency", stream: "Upstream", toxicity: 0.1 }],
  ["POST", "/proxies/a/toxics", { name: "half", type: "timeout", toxicity: 0.123456789, attributes: null }],
  ["POST", "/proxies/a/toxics", { type: "slicer", stream: "upstream", attributes: { average_size: 9 } }],
  ["POST", "/proxies/a/toxics", { type: "bandwidth", attributes: { rate: 100 } }],
  ["POST", "/proxies/a/toxics", { type: "slow_close", attributes: { delay: 1 } }],
  ["POST", "/proxies/a/toxics", { type: "reset_peer" }],
  ["POST", "/proxies/a/toxics", { type: "limit_data", attributes: { bytes: 1000 } }],
  ["POST", "/proxies/a/toxics", { type: "noop" }],
  ["POST", "/proxies/a/toxics", { type: "none" }],
  ["POST", "/proxies/a/toxics", {}],
  ["POST", "/proxies/a/toxics", { type: "latency", name: "x", stream: "sideways" }],
  ["POST", "/proxies/a/toxics", { type: "latency", name: "x", toxicity: "1" }],
  ["POST", "/proxies/a/toxics", { type: "latency", name: "x", attributes: { latency: "1" } }],
  ["POST", "/proxies/a/toxics", { type: "latency", name: "x", attributes: { latency: 1.5 } }],
  ["POST", "/proxies/a/toxics", { type: "latency", name: "x", attributes: [] }],
  ["POST", "/proxies/a/toxics", ""],
  ["GET", "/proxies/a"],
  ["GET", "/proxies/a/toxics"],
  ["GET", "/proxies/a/toxics/half"],
  ["GET", "/proxies/a/toxics/none"],
  ["POST", "/proxies/a/toxics/latency_downstream", { attributes: { jitter: 1 }, name: "ignored", stream: "upstream" }],
  ["PATCH", "/proxies/a/toxics/latency_downstream", { toxicity: 0.5 }],
  ["PATCH", "/proxies/a/toxics/latency_downstream", { toxicity: "x" }],
  ["PATCH", "/proxies/a/toxics/latency_downstream", { attributes: { latency: true } }],
  ["PATCH", "/proxies/a/toxics/latency_downstream", ""],
  ["PATCH", "/proxies/a/toxics/none", { toxicity: 0.5 }],
  ["DELETE", "/proxies/a/toxics/half"],
  ["DELETE", "/proxies/a/toxics/half"],
  ["GET", "/proxies/a/toxics"],
  ["POST", "/proxies/a", { enabled: false }],
  ["POST", "/proxies/a", { enabled: false }],
  ["PATCH", "/proxies/a", { enabled: true }],
  ["PATCH", "/proxies/a", { name: "ignored", upstream: "127.0.0.1:2" }],
  ["PATCH", "/proxies/a", {}],
  ["PATCH", "/proxies/a", ""],
  ["PATCH", "/proxies/a", { listen: "nothing" }],
  ["PATCH", "/proxies/a", { enabled: 1 }],
  ["PATCH", "/proxies/none", { enabled: true }],
  ["POST", "/populate", [{ name: "a", listen: "{a}", upstream: "127.0.0.1:2", enabled: false }]],
  ["POST", "/populate", [{ name: "a", listen: "{a}", upstream: UPSTREAM }]],
  [
    "POST",
    "/populate",
    [
      { name: "c", listen: LISTEN, upstream: UPSTREAM },
      { name: "d", listen: "{a}", upstream: UPSTREAM },
    ],
  ],
  ["POST", "/populate", { name: "e" }],
  ["POST", "/reset"],
  ["GET", "/proxies/a"],
  ["DELETE", "/proxies/a"],
  ["DELETE", "/proxies/a"],
  ["GET", "/proxies/"],
  ["GET", "/nothing"],
  ["PUT", "/proxies"],
  ["DELETE", "/proxies"],
  ["POST", "/version"],
  ["GET", "/reset"],
  ["GET", "/proxies/a/toxics/b/c"],
];

/** The answer to a request, with `PORT` in place of ports that the system has chosen, and without the field `Logger` of proxies. */
export interface Recorded {
  readonly request: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

const comparable = (text: string) =>
  text.replace(/127\.0\.0\.1:(?!99999)\d{4,5}/g, "127.0.0.1:PORT").replaceAll('"Logger":{},', "");

/** Sends all requests to a server in order. */
export async function answersOf(url: string): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = [];
  let address = "";
  for (const [method, path, body] of REQUESTS) {
    const given = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
    const { status, type, text } = await ask(url, method, path, given?.replaceAll("{a}", address));
    address = /"name":"a","listen":"([^"]+)"/.exec(text)?.[1] ?? address;
    const request = `${method} ${path}${given === undefined ? "" : ` ${given}`}`;
    recorded.push({ request, status, type, text: comparable(text) });
  }
  return recorded;
}
