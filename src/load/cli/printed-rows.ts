/** Rows on standard output (`--csv -`), in order and in bounded memory. */

/** Most characters that wait for the reader of standard output. */
const MAX_WAITING = 1 << 20;

/** Text that is written to standard output in the background. */
export class PrintedRows {
  readonly #out: (text: string) => Promise<void>;
  #waiting = "";
  #writing: Promise<void> | undefined;
  #error: unknown;

  constructor(out: (text: string) => Promise<void>) {
    this.#out = out;
  }

  /** Adds text. Throws the error of an earlier write, or if the reader is so slow that too much text waits. */
  add(text: string): void {
    if (this.#error !== undefined) throw this.#error;
    if (this.#waiting.length + text.length > MAX_WAITING) throw new Error("the reader is too slow, rows were left out");
    this.#waiting += text;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting !== "") {
        const text = this.#waiting;
        this.#waiting = "";
        await this.#out(text);
      }
    } catch (error) {
      this.#error = error;
    } finally {
      this.#writing = undefined;
    }
  }

  /** Resolves when all text is written. Rejects with the error of a write. */
  async end(): Promise<void> {
    await this.#writing;
    if (this.#error !== undefined) throw this.#error;
  }
}
