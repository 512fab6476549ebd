/**
 * Reads faults from the body of a request, as text or as JSON. The first character decides, because no text of faults
 * begins as a JSON value does. The content type is ignored, because many clients set one by default.
 */
import { t } from "elysia";
import { isJsonObject } from "../base/json.ts";
import { isProtocol, type Protocol, recordOf } from "../base/protocol.ts";
import { checkedFaults, FaultFieldError } from "../faults/check.ts";
import { type Faults, type Impairments, NO_FAULTS, NO_IMPAIRMENTS } from "../faults/faults.ts";
import { shortFaults } from "../faults/short-form.ts";
import { notServed, parseFaults, parseImpairments } from "../faults/text.ts";
import { BadRequestError } from "./errors.ts";
import { expandNumbers, FAULT_SCHEMAS } from "./faults-schema.ts";
import { checker } from "./json-body.ts";

/** Returns the value of a body, by its form; `allowed` is what its content may be. Throws BadRequestError without a body, SyntaxError for invalid JSON. */
export async function readBody<T>(
  request: Request,
  ofText: (text: string) => T,
  ofJson: (value: unknown) => T,
  allowed = "faults as text or JSON, or none",
): Promise<T> {
  const text = await request.text();
  if (text.trim() === "") throw new BadRequestError(`the body is empty; allowed: ${allowed}`);
  return /^\s*[[{"]/.test(text) ? ofJson(JSON.parse(text)) : ofText(text);
}

/** Returns a function that reads the faults of one protocol. */
export function faultsReader(protocol: Protocol): (request: Request) => Promise<Faults> {
  const check = checker(FAULT_SCHEMAS[protocol]);
  const ofJson = (value: unknown) => shortFaults(checkedFaults(protocol, check(expandNumbers(value))));
  return (request) => readBody(request, (text) => parseFaults(protocol, text), ofJson);
}

/** Returns a function that reads the faults of all `served` protocols; one that the body does not name has none. */
export function impairmentsReader(served: readonly Protocol[]): (request: Request) => Promise<Impairments> {
  const fields = Object.fromEntries(served.map((protocol) => [protocol, t.Optional(FAULT_SCHEMAS[protocol])]));
  // The fields come from a list, so TypeBox cannot infer the type.
  const check = checker(t.Unsafe<Partial<Impairments>>(t.Object(fields, { additionalProperties: false })));
  const ofJson = (value: unknown): Impairments => {
    assertServed(value, served);
    const given = check(expandAll(value));
    const faultsOf = (protocol: Protocol) =>
      shortFaults(checkedFaults(protocol, given[protocol] ?? NO_FAULTS, `${protocol}.`));
    return { ...NO_IMPAIRMENTS, ...recordOf(served, faultsOf) };
  };
  return (request) => readBody(request, (text) => parseImpairments(text, served), ofJson);
}

/** Throws FaultFieldError if a body of JSON names a protocol that this lab does not serve. */
function assertServed(body: unknown, served: readonly Protocol[]): void {
  if (!isJsonObject(body)) return;
  const other = Object.keys(body).find((name) => isProtocol(name) && !served.includes(name));
  if (other !== undefined && isProtocol(other)) throw new FaultFieldError(other, notServed(other), served.join(", "));
}

/** A body of the faults of all protocols with the numbers in it expanded. */
function expandAll(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const entries = Object.entries(body);
  return Object.fromEntries(entries.map(([name, value]) => [name, isProtocol(name) ? expandNumbers(value) : value]));
}
