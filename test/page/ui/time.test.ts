/** Ages as text. */
import { expect, test } from "bun:test";
import { ago } from "../../../src/page/ui/time.ts";

test.each([
  [0, "just now"],
  [1.9, "just now"],
  [12.4, "12 s ago"],
  [99, "99 s ago"],
  [100, "2 min ago"],
  [5399, "90 min ago"],
  [7200, "2 h ago"],
])("%p s: %s", (seconds, text) => {
  expect(ago(seconds)).toBe(text);
});
