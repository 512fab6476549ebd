import { expect, test } from "bun:test";
import { PROTOCOLS, REGISTRY } from "../../../src/base/protocol.ts";
import { readFlags } from "../../../src/load/cli/flags.ts";
import { HELP } from "../../../src/load/cli/help.ts";

test("the help lists the protocols of the registry and fits a terminal", () => {
  const words = HELP.replaceAll(/\s+/g, " ");
  expect(words).toContain(`--proto NAME ${PROTOCOLS.join(", ")}; a list such as`);
  for (const protocol of PROTOCOLS) expect(words).toContain(`${protocol} ${REGISTRY[protocol].port}`);
  const [usage] = HELP.split("\nExamples\n");
  for (const line of usage?.split("\n") ?? []) expect(line.length).toBeLessThanOrEqual(84);
});

test("every flag of the help exists", () => {
  const flags = new Set(HELP.match(/(?<=^ {2})--[a-z-]+/gm));
  expect(flags.size).toBeGreaterThan(25);
  for (const flag of flags) {
    const message = (() => {
      try {
        return readFlags([`${flag}=x`]).size;
      } catch (error) {
        return String(error);
      }
    })();
    expect([1, `UsageError: ${flag} takes no value`]).toContain(message);
  }
});
