/** Requests to the control routes. */
import { networkInterfaces } from "node:os";

export const TOKEN = "0123456789abcdef";
export const JSON_TYPE = { "content-type": "application/json" };
export const TEXT_TYPE = { "content-type": "text/plain" };

/** An address of this machine other than loopback: to the lab, a client that uses it is on another machine. */
export const EXTERNAL = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
if (!EXTERNAL) console.warn("SKIPPED: requests from another address, because this machine has only loopback addresses");

/** Sends a request; the response has its whole body as text. */
export async function request(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** The options of a PUT request. */
export function put(body: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "PUT", body, headers };
}
