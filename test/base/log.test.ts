import { describe, expect, test } from "bun:test";
import { createLog, LOG_LEVELS, type LogLevel } from "../../src/base/log.ts";

const WRITTEN = ["error", "warn", "info", "debug"] as const;

function linesAt(level: LogLevel, readable = false) {
  const lines: string[] = [];
  return { lines, log: createLog({ level, readable, sink: (line) => lines.push(line) }) };
}

describe("level", () => {
  test.each(LOG_LEVELS.map((level, count) => [level, count] as const))(
    "%s writes lines of the first %d levels of error, warn, info, debug",
    (level, count) => {
      const { lines, log } = linesAt(level);
      for (const each of WRITTEN) log.write(each, each);
      expect(lines.map((line) => JSON.parse(line).level)).toEqual(WRITTEN.slice(0, count));
      expect(WRITTEN.map((each) => log.enabled(each))).toEqual(WRITTEN.map((_, i) => i < count));
    },
  );
});

describe("format", () => {
  test("JSON has the time, the level, the message and the fields, without undefined fields", () => {
    const { lines, log } = linesAt("info");
    log.write("info", 'a "quoted"\nmessage', { port: 7000, gone: undefined, on: true });
    const [line = ""] = lines;
    expect(line).not.toContain("\n");
    const { time, ...rest } = JSON.parse(line);
    expect(rest).toEqual({ level: "info", message: 'a "quoted"\nmessage', port: 7000, on: true });
    expect(new Date(time).toISOString()).toBe(time);
  });

  test("text has the time of day, the level, the message and the fields on one line", () => {
    const { lines, log } = linesAt("info", true);
    log.write("warn", "faults changed", { protocol: "udp", gone: undefined, faults: "drop=0.2" });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}faults changed protocol=udp faults=drop=0\.2$/);
  });
});
