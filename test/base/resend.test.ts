import { expect, test } from "bun:test";
import { resendOnError } from "../../src/base/resend.ts";

test("resendOnError calls a send that succeeds once", () => {
  let attempts = 0;
  expect(resendOnError(() => ++attempts)).toBe(1);
  expect(attempts).toBe(1);
});

test("resendOnError repeats a send that throws once and reports each error", () => {
  let attempts = 0;
  const errors: unknown[] = [];
  const failsOnce = () => {
    if (++attempts === 1) throw new Error("error of an earlier datagram");
    return "sent";
  };
  expect(resendOnError(failsOnce, (error) => errors.push(error))).toBe("sent");
  expect(errors).toEqual([new Error("error of an earlier datagram")]);
  const failsAlways = () => {
    attempts++;
    throw new Error("unreachable");
  };
  attempts = 0;
  expect(resendOnError(failsAlways, (error) => errors.push(error))).toBeUndefined();
  expect([attempts, errors.length]).toEqual([2, 3]);
});
