import { describe, expect, test } from "bun:test";
import { parseAllowedHosts } from "../../src/base/address.ts";
import { UsageError } from "../../src/load/plan/errors.ts";
import { chooseTarget, TargetNotAllowedError } from "../../src/runs/choose-target.ts";

const OWN = { host: "0.0.0.0", ports: { http: 5000, tcp: 6000, udp: 7000 } };
const allowed = parseAllowedHosts("10.0.0.7, lab.example:7001,[2001:db8::1]:7000") ?? [];

describe("the target of a run", () => {
  test("is the lab itself for nothing, by the address at which it reaches itself", () => {
    expect(chooseTarget("udp", "", OWN, [])).toEqual({ target: "127.0.0.1:7000", control: "127.0.0.1:5000" });
    expect(chooseTarget("tcp", "", { ...OWN, host: "::" }, [])).toEqual({
      target: "[::1]:6000",
      control: "[::1]:5000",
    });
    expect(chooseTarget("http", "http://127.0.0.1:5000/echo", OWN, [])).toMatchObject({ control: "127.0.0.1:5000" });
  });

  test("may be what the operator allowed; the control routes only of a host that is allowed whole", () => {
    expect(chooseTarget("udp", "10.0.0.7:9999", OWN, allowed)).toEqual({ target: "10.0.0.7:9999" });
    expect(chooseTarget("udp", "Lab.Example:7001", OWN, allowed)).toEqual({
      target: "Lab.Example:7001",
      control: false,
    });
    expect(chooseTarget("udp", "[2001:db8::1]:7000", OWN, allowed)).toMatchObject({ control: false });
    expect(chooseTarget("http", "http://10.0.0.7/x", OWN, allowed)).toMatchObject({ target: "http://10.0.0.7/x" });
  });

  test.each([
    ["udp", "10.0.0.8:7000"],
    ["udp", "lab.example:7002"],
    ["udp", "127.0.0.1:7001"],
    ["http", "http://lab.example.evil/"],
    ["http", "http://10.0.0.7@10.0.0.8/"],
  ] as const)("%s to %s is refused in one line that says what is allowed", (protocol, text) => {
    expect(() => chooseTarget(protocol, text, OWN, allowed)).toThrow(TargetNotAllowedError);
    expect(() => chooseTarget(protocol, text, OWN, allowed)).toThrow(
      "this lab, 10.0.0.7, lab.example:7001, [2001:db8::1]:7000",
    );
  });

  test("that is no target at all is told as the command tells it", () => {
    expect(() => chooseTarget("udp", "10.0.0.7:99999", OWN, allowed)).toThrow(UsageError);
  });
});
