/** The scenarios of the page. */
import { expect, test } from "bun:test";
import { NO_FAULTS } from "../../../src/faults/faults.ts";
import { parseImpairments } from "../../../src/faults/text.ts";
import { SCENARIOS } from "../../../src/page/faults/scenarios.ts";

test.each(SCENARIOS)("$name is a valid text that sets faults of HTTP, TCP and UDP", ({ text }) => {
  const { http, tcp, udp } = parseImpairments(text);
  expect([http, tcp, udp]).not.toContain(NO_FAULTS);
});
