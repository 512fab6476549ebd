/** Lines for people on a terminal, JSON for everything else. */

/** From the quietest to the most talkative; each level includes those before it. */
export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line tells beside its message; undefined values are left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the lab says what happens. */
export interface Log {
  /** Whether lines of that level are written, so that nobody composes one in vain. */
  enabled(level: Exclude<LogLevel, "silent">): boolean;
  write(level: Exclude<LogLevel, "silent">, message: string, fields?: Fields): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Readable lines in place of JSON. */
  readonly readable: boolean;
  /** Takes each line, without its newline. */
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
