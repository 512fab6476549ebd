import { expect, test } from "bun:test";
import { unknownVariables } from "../../src/base/variables.ts";

const KNOWN = ["WIRELAB_HTTP_PORT", "WIRELAB_SEED"];

test("a variable with the prefix that is not known is a line, with the nearest known one", () => {
  const variables = { WIRELAB_HTP_PORT: "1", WIRELAB_SEED: "1", WIRELAB_COLOUR: "red", PATH: "/bin" };
  expect(unknownVariables(variables, KNOWN)).toEqual([
    "WIRELAB_COLOUR: no such variable, it has no effect",
    "WIRELAB_HTP_PORT: no such variable, it has no effect; did you mean WIRELAB_HTTP_PORT?",
  ]);
});

test("an empty variable, those of compose.yml and those of Kubernetes are none", () => {
  const variables = {
    WIRELAB_SED: "",
    WIRELAB_TAG: "local",
    WIRELAB_RATE: "5",
    WIRELAB_PROTO: "everything",
    WIRELAB_SERVICE_HOST: "10.0.0.1",
    WIRELAB_SERVICE_PORT_HTTP: "5000",
    WIRELAB_PORT: "tcp://10.0.0.1:5000",
    WIRELAB_PORT_7000_UDP_ADDR: "10.0.0.1",
  };
  expect(unknownVariables(variables, KNOWN)).toEqual([]);
  expect(unknownVariables({ WIRELAB_PORT: "8080" }, KNOWN)).toHaveLength(1);
});
