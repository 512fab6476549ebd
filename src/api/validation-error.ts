/** Turns a schema's validation error into one line: the field and the values that it allows. */
import type { ValidationError } from "elysia";
import { isJsonObject } from "../base/json.ts";

/** The first problem of a body that its schema refuses. */
export interface SchemaProblem {
  /** One line: the field, the problem, the allowed values. */
  readonly error: string;
  /** The path of the field, with dots; empty for the whole body. */
  readonly field: string;
  /** The allowed values in words. */
  readonly allowed: string;
}

/** The keywords of JSON Schema that the lab's schemas use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The values that `schema` allows, in words. */
export function allowedBy(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(allowedBy).join(" or ");
  if (schema.items) return `a list of ${schema.items.anyOf ? "these names" : allowedBy(schema.items)}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, { const: only }]) =>
      only === undefined ? name : `${name}: ${JSON.stringify(only)}`,
    );
    return `{ ${fields.join(", ")} }`;
  }
  const { minimum, maximum, multipleOf } = schema;
  const type = multipleOf === 1 ? "integer" : (schema.type ?? "value");
  const article = type === "integer" || type === "object" ? "an" : "a";
  const range =
    minimum === undefined ? "" : maximum === undefined ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;
  return `${article} ${type}${range}`;
}

/** The first problem that a validation found. */
export function problemOf(error: ValidationError): SchemaProblem {
  const [first] = error.all;
  const found = first && "path" in first ? first : undefined;
  const field = (found?.path ?? "").slice(1).replaceAll("/", ".");
  const schema = (found?.schema ?? {}) as Schema; // TypeBox's schemas are JSON Schema; their type hides the keywords
  if (found?.message === "Unexpected property") return unknownField(field, schema);
  const members = schema.anyOf?.filter(({ properties }) => properties !== undefined) ?? [];
  const inMember = problemInMember(field, members, found?.value);
  return inMember ?? notAllowed(field, allowedBy(schema));
}

/** The problem of a value that should be one of `members` or another value, if it is an object. */
function problemInMember(field: string, members: readonly Schema[], value: unknown): SchemaProblem | undefined {
  if (members.length > 1) return problemInUnion(field, members, value);
  const [member] = members;
  const given = isJsonObject(value) ? new Map<string, unknown>(Object.entries(value)) : undefined;
  return member && given && given.size > 0 ? problemInObject(field, member, given) : undefined;
}

function notAllowed(field: string, allowed: string): SchemaProblem {
  return { error: `${field || "the body"}: not allowed; allowed: ${allowed}`, field, allowed };
}

/** The problem of a property that does not exist; `schema` is that of the object that contains it. */
function unknownField(field: string, schema: Schema): SchemaProblem {
  const allowed = Object.keys(schema.properties ?? {}).join(", ");
  return { error: `${field}: no such field; allowed: ${allowed}`, field, allowed };
}

/**
 * The problem of a value that should be one of several objects, most with a constant in the same property, such as the
 * kinds of delay: that of the object whose constant it has, or of the one without a constant that has one of its fields.
 * Undefined if the objects have no such property.
 */
function problemInUnion(field: string, members: readonly Schema[], value: unknown): SchemaProblem | undefined {
  const [tag] = Object.entries(members[0]?.properties ?? {}).find(([, { const: only }]) => only !== undefined) ?? [];
  if (tag === undefined) return undefined;
  const tagOf = ({ properties }: Schema) => properties?.[tag]?.const;
  const tagged = members.filter((member) => tagOf(member) !== undefined);
  const others = members.filter((member) => tagOf(member) === undefined);
  const names = tagged.map((member) => JSON.stringify(tagOf(member))).join(" or ");
  if (typeof value !== "object" || value === null)
    return notAllowed(field, [`an object whose ${tag} is ${names}`, ...others.map(allowedBy)].join(" or "));
  const given = new Map<string, unknown>(Object.entries(value));
  const hasField = ({ properties = {} }: Schema) => Object.keys(properties).some((name) => given.has(name));
  const member = given.has(tag)
    ? tagged.find((candidate) => tagOf(candidate) === given.get(tag))
    : others.find(hasField);
  return member === undefined ? notAllowed(`${field}.${tag}`, names) : problemInObject(field, member, given);
}

function problemInObject(
  field: string,
  schema: Schema,
  given: ReadonlyMap<string, unknown>,
): SchemaProblem | undefined {
  const properties = Object.entries(schema.properties ?? {});
  const unknown = [...given.keys()].find((name) => !properties.some(([known]) => known === name));
  if (unknown !== undefined) return unknownField(`${field}.${unknown}`, schema);
  for (const [name, property] of properties) {
    if (!given.has(name) && !schema.required?.includes(name)) continue;
    const problem = problemInField(`${field}.${name}`, property, given.get(name));
    if (problem) return problem;
  }
  return undefined;
}

function problemInField(field: string, property: Schema, value: unknown): SchemaProblem | undefined {
  if (property.const !== undefined) return undefined;
  if (property.anyOf) return problemInUnion(field, property.anyOf, value);
  return isIn(property, value) ? undefined : notAllowed(field, allowedBy(property));
}

function isIn({ minimum = -Infinity, maximum = Infinity }: Schema, value: unknown): boolean {
  return typeof value === "number" && value >= minimum && value <= maximum;
}
