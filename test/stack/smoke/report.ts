/** The result of the container test: a line for each check, then figures and totals. */

/** Runs checks, prints their results and collects figures. */
export class Report {
  readonly #figures: string[] = [];
  #passed = 0;
  #failed = 0;

  /** Runs one check; a check that throws has failed and does not prevent the next one. */
  async check(name: string, body: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    try {
      const detail = await body();
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      this.#passed += 1;
      console.log(`ok      ${name}${typeof detail === "string" ? `: ${detail}` : ""} (${seconds} s)`);
    } catch (error) {
      this.#failed += 1;
      console.error(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Adds a figure to the table at the end. */
  figure(name: string, value: string): void {
    this.#figures.push(`${name.padEnd(48)} ${value}`);
  }

  /** Prints the figures and the totals; returns the exit status. */
  close(): 0 | 1 {
    console.log(
      ["", ...this.#figures, "", `container test: ${this.#passed} passed, ${this.#failed} failed`].join("\n"),
    );
    return this.#failed === 0 ? 0 : 1;
  }
}

/** Throws unless both are equal, with a message that has both. */
export function expectEqual(found: unknown, expected: unknown): void {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`expected ${other}, found ${one}`);
}

/** Throws a message unless `holds`. */
export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
