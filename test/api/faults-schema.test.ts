import { describe, expect, test } from "bun:test";
import { getSchemaValidator } from "elysia";
import { FAULT_EXAMPLES, FAULT_SCHEMAS } from "../../src/api/faults-schema.ts";
import { PROTOCOLS } from "../../src/base/protocol.ts";
import { KINDS, KINDS_OF } from "../../src/faults/faults.ts";
import { printFaults } from "../../src/faults/print.ts";
import { parseFaults } from "../../src/faults/text.ts";

describe.each(PROTOCOLS.map((protocol) => [protocol] as const))("the faults of %s", (protocol) => {
  const validator = getSchemaValidator(FAULT_SCHEMAS[protocol], { normalize: false });

  test("have an example of every kind, which schema and text form accept", () => {
    const example = FAULT_EXAMPLES[protocol];
    expect(Object.keys(example)).toEqual([...KINDS_OF[protocol]]);
    expect(validator.Check(example)).toBe(true);
    expect(parseFaults(protocol, printFaults(example))).toEqual(example);
  });

  test("accept no kind of another protocol", () => {
    const others = KINDS.filter((kind) => !KINDS_OF[protocol].includes(kind));
    const examples = Object.assign({}, ...Object.values(FAULT_EXAMPLES));
    expect(others.length).toBeGreaterThan(0);
    for (const kind of others) expect([kind, validator.Check({ [kind]: examples[kind] })]).toEqual([kind, false]);
  });
});
