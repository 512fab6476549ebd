/** Log lines: readable text for a terminal, JSON otherwise. */

/** Log levels from least to most output; each includes those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;
/** One of LOG_LEVELS. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of a line besides its message; undefined values are omitted. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A destination of log lines. */
export interface Log {
  /** Whether lines of that level are written; lets callers skip building a line. */
  enabled(level: Exclude<LogLevel, "silent">): boolean;
  write(level: Exclude<LogLevel, "silent">, message: string, fields?: Fields): void;
}

/** Options of a log. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Readable lines instead of JSON. */
  readonly readable: boolean;
  /** Receives each line, without a newline. */
  readonly sink: (line: string) => void;
}

/** A log that writes lines up to `level` to `sink`. */
export function createLog({ level, readable, sink }: LogOptions): Log {
  const rank = LOG_LEVELS.indexOf(level);
  const render = readable ? renderText : renderJson;
  const enabled: Log["enabled"] = (level) => LOG_LEVELS.indexOf(level) <= rank;
  return {
    enabled,
    write(level, message, fields = {}) {
      if (enabled(level)) sink(render(new Date(), level, message, fields));
    },
  };
}

function renderJson(time: Date, level: string, message: string, fields: Fields): string {
  return JSON.stringify({ time: time.toISOString(), level, message, ...fields });
}

function renderText(time: Date, level: string, message: string, fields: Fields): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const tail = pairs.map(([name, value]) => ` ${name}=${value}`).join("");
  return `${time.toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}${tail}`;
}
