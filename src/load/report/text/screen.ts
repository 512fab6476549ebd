/** The properties of an output that the layout of a report depends on: its width and whether it shows colours. */

/** A terminal, a pipe or a file. */
export interface Screen {
  readonly columns: number;
  readonly colour: boolean;
}

/** A screen of 80 columns without colours. */
export const PLAIN: Screen = { columns: 80, colour: false };

/** The meaning of a colour. The words of the text have the same information. */
export type Tone = "good" | "bad" | "caution" | "strong" | "faint";

/** Parameters of SGR (ECMA-48 section 8.3.117). */
const SGR: Readonly<Record<Tone, string>> = { good: "1;32", bad: "1;31", caution: "1;33", strong: "1", faint: "2" };

/** The text in the colour of its meaning; unchanged on a screen without colours. */
export function paint({ colour }: Screen, tone: Tone, text: string): string {
  return colour && text !== "" ? `\u001b[${SGR[tone]}m${text}\u001b[0m` : text;
}

/** The number of columns that a text takes, without its colours. */
export function widthOf(text: string): number {
  return Bun.stringWidth(text);
}

/** A space that separates words, not a number from its unit or from the name of its percentile. */
const BREAKS = / (?!(?:µs|ms|s|min|h|%|[×±<>])(?![\p{L}\d]))(?<!(?:[×<>±≥≤]|\bp\d[\d.]*) )/u;

/** A text in lines of at most `columns`, except for longer words; `first` begins the first line, `rest` the others. */
export function wrap(text: string, columns: number, first = "", rest = first): string {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(BREAKS)) {
    const longer = line === undefined ? `${first}${word}` : `${line} ${word}`;
    if (line === undefined || widthOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = `${rest}${word}`;
    }
  }
  return [...lines, line ?? ""].join("\n");
}
