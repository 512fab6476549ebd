/** The API description of a lab: its operations, values that its schemas allow or refuse, and the check of a response. */
import Ajv, { type ValidateFunction } from "ajv";
import type { Random } from "../../src/base/random.ts";
import type { Lab } from "../../src/lab.ts";
import { urlOf } from "../support/lab.ts";

/** A schema in the form of OpenAPI 3.0, with the keywords from which values are made. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly minProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

type Contents = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;
interface Parameter {
  readonly name: string;
  readonly schema: Schema;
  readonly example: unknown;
}
type Responses = Readonly<Record<string, { readonly content?: Contents }>>;

/** A method of a path as the description has it. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The schema of the body for each content type; empty without a body. */
  readonly bodies: Contents;
  readonly responses: Responses;
}

interface Document {
  readonly components: object;
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { parameters?: readonly Parameter[]; requestBody?: { content: Contents }; responses: Responses }>
      >
    >
  >;
}

/** The description of a lab and its operations. */
export async function descriptionOf(lab: Lab) {
  const document: Document = await (await fetch(urlOf(lab, "/swagger/json"))).json();
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]): Operation => {
      return { method: method.toUpperCase(), path, parameters, bodies: requestBody?.content ?? {}, responses };
    }),
  );
  return { document, operations, problemOf: responseChecker(document) };
}

/** Returns a function that says in which way a response is not as described; undefined if it is. */
function responseChecker({ components }: Document) {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const compiled = new Map<Schema, ValidateFunction>(); // compiling takes milliseconds
  return async ({ responses }: Operation, response: Response): Promise<string | undefined> => {
    const { status } = response;
    const described = responses[status] ?? responses[`${Math.floor(status / 100)}XX`] ?? responses.default;
    if (!described) return `status ${status} is not described`;
    const bytes = await response.bytes();
    if (!described.content) return bytes.length === 0 ? undefined : `status ${status} has a body`;
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    const content = described.content[type] ?? described.content["*/*"];
    if (!content) return `status ${status} has the content type ${type}`;
    if (type !== "application/json" || content === described.content["*/*"]) return undefined;
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const validate = compiled.get(content.schema) ?? ajv.compile({ ...content.schema, components });
    compiled.set(content.schema, validate);
    if (validate(body)) return undefined;
    return `status ${status}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(body).slice(0, 300)}`;
  };
}

function pick<T>(list: readonly T[], next: Random): T {
  const item = list[Math.floor(next() * list.length)];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

/** A value that a schema allows. A schema of no type allows everything. */
export function allowedValue(schema: Schema, next: Random): unknown {
  if (schema.enum) return pick(schema.enum, next);
  if (schema.anyOf) return allowedValue(pick(schema.anyOf, next), next);
  const { minimum = 0, maximum = 100, required = [], properties = {} } = schema;
  const number = pick([minimum, maximum, minimum + next() * (maximum - minimum)], next);
  if (schema.type === "integer") return Math.round(number);
  if (schema.type === "number") return number;
  if (schema.items) return [allowedValue(schema.items, next)];
  if (schema.type !== "object") return pick(["", "a", "é\u{1f600}"], next);
  const chosen = Object.keys(properties).filter((name) => required.includes(name) || next() < 0.5);
  const isEnough = chosen.length >= (schema.minProperties ?? 0);
  const names = isEnough ? chosen : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, allowedValue(properties[name] ?? {}, next)]));
}

/** A value that a schema refuses. */
export function refusedValue(schema: Schema, next: Random): unknown {
  if (schema.anyOf) return pick([null, true, [], {}, "x", -1], next);
  const { type, minimum = 0, maximum = 0, properties = {} } = schema;
  const other = [null, true, [], type === "object" || schema.enum ? 7 : {}, type === "string" ? 7 : "1"];
  if (type === "integer" || type === "number") return pick([minimum - 1, maximum + 1, ...other], next);
  if (type !== "object" || next() < 0.3) return pick(other, next);
  const value = allowedValue(schema, next) as object; // its type is object
  const [name, part] = pick([...Object.entries(properties), ["no such field", undefined]] as const, next);
  return { ...value, [name]: part ? refusedValue(part, next) : 1 };
}
