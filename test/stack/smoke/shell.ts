/** Runs programs and reads their output. */

/** The exit status of a program, and its standard output and error. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** Runs programs in one directory with the same environment. */
export class Shell {
  constructor(
    readonly directory: string,
    readonly variables: Readonly<Record<string, string | undefined>>,
  ) {}

  /** A shell with additional variables. */
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

  /** Runs a program that must succeed; returns its output without trailing white space. */
  async read(...command: readonly string[]): Promise<string> {
    const { status, output } = await this.run(...command);
    if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${output}`);
    return output.trimEnd();
  }
}
