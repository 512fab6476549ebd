import { expect, test } from "bun:test";
import { readFlags } from "../../../src/load/cli/flags.ts";

const read = (line: string) => [...readFlags(line === "" ? [] : line.split(" "))];

test("flags have their texts in order, and an empty text if they take no value", () => {
  expect(read("")).toEqual([]);
  expect(read("--proto=udp --header A:1 -q --header B:2 --rate max")).toEqual([
    ["proto", ["udp"]],
    ["header", ["A:1", "B:2"]],
    ["quiet", [""]],
    ["rate", ["max"]],
  ]);
});

test.each([
  ["--prot udp", "unknown flag --prot; did you mean --proto?"],
  ["--proto udp --conections=3", "unknown flag --conections; did you mean --connections?"],
  ["--proto udp --flux", "unknown flag --flux; --help lists all flags"],
  ["--proto udp fast", 'unexpected "fast": flags begin with --'],
  ["--proto udp --rate", "--rate needs a value"],
  ["--proto udp --rate --count 3", "--rate needs a value"],
  ["--proto udp --quiet=3", "--quiet takes no value"],
  ["--proto udp --rate 5 --rate 6", "--rate is given twice"],
])("%s is rejected", (line, message) => {
  expect(() => read(line)).toThrow(message);
});
