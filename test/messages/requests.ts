/** Sends the requests of the expectation file as raw octets: a client library would not send a foreign Host. */
import { refusal } from "../../src/api/rights.ts";
import { openHttp } from "../support/http.ts";
import { nameLines, wordsOf } from "./transcript.ts";

/** The octets of `METHOD PATH 'Header: value'… BODY`; Host and Content-Length are added where they are missing. */
function requestOf([method = "", path = "", ...rest]: readonly string[]): string {
  const headers = rest.filter((word) => /^[\w-]+: /.test(word));
  const body = rest.find((word) => !headers.includes(word)) ?? "";
  const isGiven = (name: string) => headers.some((header) => header.toLowerCase().startsWith(`${name}:`));
  if (!isGiven("host")) headers.push("Host: localhost");
  if (!isGiven("content-length")) headers.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return [`${method} ${path} HTTP/1.1`, ...headers, "", body].join("\r\n");
}

/** A response as lines: the status, then each field of a JSON object, or the body as text. */
function linesOf(status: number, body: string): string[] {
  const fields = body.startsWith("{") ? Object.entries(JSON.parse(body)) : [];
  const shown = fields.map(([name, value]) => `${name}: ${isLine(value) ? value : JSON.stringify(value)}`);
  return [`status ${status}`, ...(fields.length > 0 ? shown : nameLines("body", body))];
}

function isLine(value: unknown): boolean {
  return typeof value === "string" && /^[^\n]+$/.test(value);
}

/** `refusal ADDRESS [TOKEN]`: whether a lab with TOKEN refuses a change requested from ADDRESS. */
function refusalLines([address = "", token]: readonly string[]): string[] {
  const refused = refusal({ address, headers: new Headers({ host: "localhost" }) }, { token, host: "localhost" });
  return refused === undefined ? ["accepted"] : [`status ${refused.status}`, `error: ${refused.error}`];
}

/** Sends the request `line` to the lab at `port`; returns the lines of its case. */
export async function runRequest(line: string, port: number): Promise<string[]> {
  const words = wordsOf(line);
  if (words[0] === "refusal") return refusalLines(words.slice(1));
  using connection = await openHttp(port);
  const { status, body } = await connection.ask(Buffer.from(requestOf(words)));
  return linesOf(status, Buffer.from(body, "latin1").toString("utf8"));
}
