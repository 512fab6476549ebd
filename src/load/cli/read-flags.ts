/** Reads the flags of a command line by a table of them. */
import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { didYouMean } from "../../base/suggest.ts";
import { UsageError } from "../plan/errors.ts";

/** The flags of a command by their names, without dashes. */
export type FlagTable = Readonly<Record<string, ParseArgsOptionDescriptor>>;

/** Given flags with their texts, in order; the text of a flag without a value is "". */
export type FlagTexts<Name extends string> = ReadonlyMap<Name, readonly string[]>;

/** The text of a flag, the first one of a repeatable flag; undefined if it is not given. */
export function textOf<Name extends string>(given: FlagTexts<Name>, name: Name): string | undefined {
  return given.get(name)?.[0];
}

function rejectUnknown(table: FlagTable, word: string): never {
  const name = word.replace(/=.*/s, "");
  const hint = didYouMean(name.replace(/^-+/, ""), Object.keys(table), "--");
  throw new UsageError(`unknown flag ${name}${hint === "" ? "; --help lists all flags" : hint}`);
}

/** Throws a UsageError unless the flag has a value exactly if it needs one. */
function checkValue(table: FlagTable, name: string, value: string | undefined, isInline: boolean | undefined): void {
  if (table[name]?.type === "boolean") {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`);
  } else if (value === undefined || (!isInline && value.startsWith("--"))) {
    throw new UsageError(`--${name} needs a value`);
  }
}

/** Reads the flags of a command line. Throws a UsageError for an unknown, incomplete or repeated flag. */
export function readFlagsOf<Table extends FlagTable>(
  table: Table,
  words: readonly string[],
): FlagTexts<keyof Table & string> {
  const { tokens } = parseArgs({
    args: [...words],
    options: table,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<keyof Table & string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") throw new UsageError(`unexpected "${token.value}": flags begin with --`);
    if (token.kind !== "option") continue;
    const { name, value, inlineValue } = token;
    if (!Object.hasOwn(table, name)) rejectUnknown(table, token.rawName);
    const texts = given.get(name) ?? [];
    if (texts.length > 0 && !table[name]?.multiple) throw new UsageError(`--${name} is given twice`);
    checkValue(table, name, value, inlineValue);
    given.set(name, [...texts, value ?? ""]);
  }
  return given;
}
