/** Programs that the container smoke calls, and what they say. */

/** How a program ended, and what it wrote on both of its outputs. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Calls programs with the same surroundings each time. */
export class Shell {
  constructor(
    readonly directory: string,
    readonly variables: Readonly<Record<string, string | undefined>>,
  ) {}

  /** The same shell with further variables. */
  with(variables: Readonly<Record<string, string>>): Shell {
    return new Shell(this.directory, { ...this.variables, ...variables });
  }

  /** Runs a program to its end. */
  async run(...command: readonly string[]): Promise<Ended> {
    const child = Bun.spawn([...command], {
      cwd: this.directory,
      env: this.variables,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const read = (stream: ReadableStream) => new Response(stream).text();
    const [out, error] = await Promise.all([read(child.stdout), read(child.stderr)]);
    return { status: await child.exited, output: `${out}${error}` };
  }

  /** What a program that must succeed wrote, without the last line feed. */
  async read(...command: readonly string[]): Promise<string> {
    const { status, output } = await this.run(...command);
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${output}`);
    return output.trimEnd();
  }
}
