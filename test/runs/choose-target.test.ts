import { describe, expect, test } from "bun:test";
import { parseAllowedHosts } from "../../src/base/address.ts";
import { byProtocol, REGISTRY } from "../../src/base/protocol.ts";
import { UsageError } from "../../src/load/plan/errors.ts";
import { chooseTarget, TargetNotAllowedError } from "../../src/runs/choose-target.ts";

const LAB = { host: "0.0.0.0", ports: byProtocol((protocol) => REGISTRY[protocol].port) };
const allowed = parseAllowedHosts("10.0.0.7, lab.example:7001,[2001:db8::1]:7000") ?? [];

describe("the target of a run", () => {
  test("is the lab itself without a text, at its loopback address", () => {
    expect(chooseTarget("udp", "", LAB, [])).toEqual({ target: "127.0.0.1:7000", control: "127.0.0.1:5000" });
    expect(chooseTarget("tcp", "", { ...LAB, host: "::" }, [])).toEqual({
      target: "[::1]:6000",
      control: "[::1]:5000",
    });
    expect(chooseTarget("http", "http://127.0.0.1:5000/echo", LAB, [])).toMatchObject({ control: "127.0.0.1:5000" });
  });

  test("may be an allowed host, without its control routes if only one of its ports is allowed", () => {
    expect(chooseTarget("udp", "10.0.0.7:9999", LAB, allowed)).toEqual({ target: "10.0.0.7:9999" });
    expect(chooseTarget("udp", "Lab.Example:7001", LAB, allowed)).toEqual({
      target: "Lab.Example:7001",
      control: false,
    });
    expect(chooseTarget("udp", "[2001:db8::1]:7000", LAB, allowed)).toMatchObject({ control: false });
    expect(chooseTarget("http", "http://10.0.0.7/x", LAB, allowed)).toMatchObject({ target: "http://10.0.0.7/x" });
  });

  test.each([
    ["udp", "10.0.0.8:7000"],
    ["udp", "lab.example:7002"],
    ["udp", "127.0.0.1:7001"],
    ["http", "http://lab.example.evil/"],
  ] as const)("%s to %s is refused in one line that lists the allowed targets", (protocol, text) => {
    expect(() => chooseTarget(protocol, text, LAB, allowed)).toThrow(TargetNotAllowedError);
    expect(() => chooseTarget(protocol, text, LAB, allowed)).toThrow(
      "this lab, 10.0.0.7, lab.example:7001, [2001:db8::1]:7000",
    );
  });

  test("that cannot be parsed is the same error as that of the load command", () => {
    expect(() => chooseTarget("udp", "10.0.0.7:99999", LAB, allowed)).toThrow(UsageError);
    expect(() => chooseTarget("http", "http://10.0.0.7@10.0.0.8/", LAB, allowed)).toThrow(UsageError);
  });
});
