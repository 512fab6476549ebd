/**
 * Reads faults from the body of a request, as text or as JSON. The first character decides, because no text of faults
 * begins as a JSON value does. The content type is ignored, because many clients set one by default.
 */
import { t } from "elysia";
import { byProtocol, PROTOCOLS, type Protocol } from "../base/protocol.ts";
import { checkedFaults } from "../faults/check.ts";
import { type Faults, type Impairments, NO_IMPAIRMENTS } from "../faults/faults.ts";
import { parseFaults, parseImpairments } from "../faults/text.ts";
import { BadRequestError } from "./errors.ts";
import { expandNumbers, FAULT_SCHEMAS } from "./faults-schema.ts";
import { checker, isJsonObject } from "./json-body.ts";

/** Returns the value of a body, by its form. Throws BadRequestError without a body, SyntaxError for invalid JSON. */
async function readBody<T>(request: Request, ofText: (text: string) => T, ofJson: (value: unknown) => T): Promise<T> {
  const text = await request.text();
  if (text.trim() === "") throw new BadRequestError("the body is empty; allowed: faults as text or JSON, or none");
  return /^\s*[[{"]/.test(text) ? ofJson(JSON.parse(text)) : ofText(text);
}

/** Returns a function that reads the faults of one protocol. */
export function faultsReader(protocol: Protocol): (request: Request) => Promise<Faults> {
  const check = checker(FAULT_SCHEMAS[protocol]);
  const ofJson = (value: unknown) => checkedFaults(protocol, check(expandNumbers(value)));
  return (request) => readBody(request, (text) => parseFaults(protocol, text), ofJson);
}

/** Returns a function that reads the faults of all protocols; a protocol that the body does not name has none. */
export function impairmentsReader(): (request: Request) => Promise<Impairments> {
  const schema = t.Object(
    byProtocol((protocol) => t.Optional(FAULT_SCHEMAS[protocol])),
    { additionalProperties: false },
  );
  const check = checker(schema);
  const ofJson = (value: unknown): Impairments => {
    const given = check(expandAll(value));
    const faults = byProtocol((protocol) => checkedFaults(protocol, given[protocol] ?? {}, `${protocol}.`));
    return { ...NO_IMPAIRMENTS, ...faults };
  };
  return (request) => readBody(request, parseImpairments, ofJson);
}

/** A body of the faults of all protocols with the numbers in it expanded. */
function expandAll(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const entries = Object.entries(body);
  const isKnown = (name: string) => PROTOCOLS.some((protocol) => protocol === name);
  return Object.fromEntries(entries.map(([name, value]) => [name, isKnown(name) ? expandNumbers(value) : value]));
}
