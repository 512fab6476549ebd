/** The scenarios of the page. */
import { expect, test } from "bun:test";
import { NO_FAULTS } from "../../../src/faults/faults.ts";
import { parseImpairments } from "../../../src/faults/text.ts";
import { SCENARIOS } from "../../../src/page/faults/scenarios.ts";

test.each(SCENARIOS.map(({ name, text }) => [name, text]))("%s is a valid text that sets faults", (_, text) => {
  expect(Object.values(parseImpairments(text))).not.toContain(NO_FAULTS);
});
