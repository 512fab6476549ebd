/** Parts of a fault text, with the positions that errors name. */

/** A fault text that cannot be parsed: the problem, its position, and what is allowed there. */
export class ImpairmentError extends Error {
  override readonly name = "ImpairmentError";
  constructor(
    /** The problem, without its position. */
    readonly problem: string,
    /** Index of the wrong character, from 0. */
    readonly position: number,
    /** The allowed values at that position. */
    readonly allowed: string,
  ) {
    super(`${problem} at character ${position + 1}; allowed: ${allowed}`);
  }
}

/** A part of the text with its position, for errors. */
export interface Piece {
  readonly text: string;
  readonly at: number;
}

/** The part without white space around it. */
export function trim({ text, at }: Piece): Piece {
  return { text: text.trim(), at: at + text.length - text.trimStart().length };
}

/** Splits `piece` at each `separator` outside parentheses. */
export function split(piece: Piece, separator: string): Piece[] {
  const parts: Piece[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= piece.text.length; i++) {
    const character = piece.text[i];
    if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === undefined || (character === separator && depth === 0)) {
      parts.push(trim({ text: piece.text.slice(start, i), at: piece.at + start }));
      start = i + 1;
    }
  }
  return parts;
}

/** Splits `piece` at the first `separator`; the second part is undefined without one. */
export function cut(piece: Piece, separator: string): [Piece, Piece | undefined] {
  const i = piece.text.indexOf(separator);
  if (i < 0) return [trim(piece), undefined];
  return [
    trim({ text: piece.text.slice(0, i), at: piece.at }),
    trim({ text: piece.text.slice(i + 1), at: piece.at + i + 1 }),
  ];
}

/** Most characters of a wrong part that its error contains. */
const MAX_SHOWN = 60;

/** A part as quoted in an error: on one line, truncated if long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
