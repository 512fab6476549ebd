/**
 * The format of the expectation files: blocks separated by empty lines. A block is a comment or a case: a line that
 * begins with "$ ", followed by the lines of its output.
 */

/** A case with its lines, or the text of a comment. */
export type Block = Case | string;

/** A command line or a request and its output: the status first, then each line. */
export interface Case {
  readonly command: string;
  readonly lines: readonly string[];
}

/** Reads the blocks of a file; throws for a block that is neither a comment nor a case, which would never run. */
export function parseTranscript(text: string): Block[] {
  return text
    .trim()
    .split(/\n\n+/)
    .map((block) => {
      const [first = "", ...lines] = block.split("\n");
      if (first.startsWith("$ ")) return { command: first.slice(2), lines };
      if ([first, ...lines].every((line) => line.startsWith("#"))) return block;
      throw new Error(`neither a comment nor a case:\n${block}`);
    });
}

/** Prints blocks so that `parseTranscript` reads the same again. */
export function printTranscript(blocks: readonly Block[]): string {
  const texts = blocks.map((block) => (typeof block === "string" ? block : printCase(block)));
  return `${texts.join("\n\n")}\n`;
}

function printCase({ command, lines }: Case): string {
  return [`$ ${command}`, ...lines].join("\n");
}

/** The words of a command line: separated by spaces, except within single quotes, which are removed. */
export function wordsOf(line: string): string[] {
  return (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ""));
}

/** Lines of output under a name: `stderr: …`. None where there is no output. */
export function nameLines(name: string, text: string): string[] {
  if (text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => `${name}: ${line}`.trimEnd());
}

/** What a rewording keeps: the status, flags, variables, quoted values and numbers. */
function factsOf([status = "", ...output]: readonly string[]): string[] {
  return [status, ...output.flatMap((line) => line.match(/--[a-z][\w-]*|WIRELAB_\w+|"[^"]*"|\d[\w.]*%?/g) ?? [])];
}

/** The elements of `one` without those of `other`; an element that occurs n times counts n times. */
function without(one: readonly string[], other: readonly string[]): string[] {
  const rest = [...other];
  return one.filter((element) => {
    const at = rest.indexOf(element);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** The difference between two outputs of a case, as removed and added lines; undefined where there is none. */
export function differenceOf(expected: Case, actual: Case): string | undefined {
  if (printCase(expected) === printCase(actual)) return undefined;
  const [before, after] = [factsOf(expected.lines), factsOf(actual.lines)];
  const facts = [
    ...without(before, after).map((fact) => `-${fact}`),
    ...without(after, before).map((fact) => `+${fact}`),
  ];
  const [removed, added] = [without(expected.lines, actual.lines), without(actual.lines, expected.lines)];
  return [
    `$ ${expected.command}`,
    ...removed.map((line) => `- ${line}`),
    ...added.map((line) => `+ ${line}`),
    ...(removed.length + added.length === 0 ? ["  the same lines in another order"] : []),
    facts.length === 0
      ? "  the status, flags, variables, quoted values and numbers are the same"
      : `  CHANGED: ${facts.join(" ")}`,
  ].join("\n");
}
