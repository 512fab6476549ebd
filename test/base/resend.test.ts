import { expect, test } from "bun:test";
import { resendOnError } from "../../src/base/resend.ts";

test("a send that succeeds happens once", () => {
  let attempts = 0;
  expect(resendOnError(() => ++attempts)).toBe(1);
  expect(attempts).toBe(1);
});

test("a send that throws happens once more, and each error is reported", () => {
  let attempts = 0;
  const errors: unknown[] = [];
  const once = () => {
    if (++attempts === 1) throw new Error("of an earlier datagram");
    return "sent";
  };
  expect(resendOnError(once, (error) => errors.push(error))).toBe("sent");
  expect(errors).toEqual([new Error("of an earlier datagram")]);
  const never = () => {
    attempts++;
    throw new Error("unreachable");
  };
  attempts = 0;
  expect(resendOnError(never, (error) => errors.push(error))).toBeUndefined();
  expect([attempts, errors.length]).toEqual([2, 3]);
});
