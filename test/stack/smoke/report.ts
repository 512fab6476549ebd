/** What the container smoke found: a line for each check, figures at the end, and whether all went well. */

/** Collects checks and figures, and says each when it is known. */
export class Report {
  readonly #figures: string[] = [];
  #passed = 0;
  #failed = 0;

  /** Runs one check; a check that throws has failed, and the next one runs all the same. */
  async check(name: string, body: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    try {
      const told = await body();
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      this.#passed += 1;
      console.log(`ok      ${name}${typeof told === "string" ? `: ${told}` : ""} (${seconds} s)`);
    } catch (error) {
      this.#failed += 1;
      console.error(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Remembers a figure for the table at the end. */
  figure(name: string, value: string): void {
    this.#figures.push(`${name.padEnd(48)} ${value}`);
  }

  /** Prints the table and the closing line; gives the status to end with. */
  close(): 0 | 1 {
    console.log(
      ["", ...this.#figures, "", `container smoke: ${this.#passed} passed, ${this.#failed} failed`].join("\n"),
    );
    return this.#failed === 0 ? 0 : 1;
  }
}

/** Throws unless the two are equal, saying what was expected. */
export function expectEqual(found: unknown, expected: unknown): void {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`expected ${other}, found ${one}`);
}

/** Throws unless `holds`. */
export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
