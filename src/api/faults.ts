/** `/impairments`: reads and changes the faults while the lab runs. */
import { Elysia } from "elysia";
import { byProtocol, PROTOCOLS, type Protocol } from "../base/protocol.ts";
import { type Faults, type Impairments, NO_FAULTS, NO_IMPAIRMENTS, PRESETS } from "../faults/faults.ts";
import { printFaults, printImpairments } from "../faults/print.ts";
import { faultsReader, impairmentsReader } from "./faults-body.ts";
import { ALL_FAULTS_DOCS, faultDocsOf } from "./faults-description.ts";
import type { ApiParts } from "./parts.ts";
import { assertMayChange } from "./rights.ts";
import type { AllFaults, ProtocolFaults } from "./shapes.ts";

type FaultParts = Pick<ApiParts, "faultsOf" | "setFaults" | "config">;

/** `/impairments` and a route for each protocol below it. */
export function faultRoutes(parts: FaultParts) {
  const { faultsOf, setFaults, config } = parts;
  const show = (): AllFaults => {
    const impairments = byProtocol(faultsOf);
    return { text: printImpairments(impairments), impairments, presets: Object.keys(PRESETS) };
  };
  const readAll = impairmentsReader();
  const setAll = (impairments: Impairments) => {
    for (const protocol of PROTOCOLS) setFaults(protocol, impairments[protocol]);
    return show();
  };
  return new Elysia({ name: "faults", normalize: false })
    .get("/impairments", show, { detail: ALL_FAULTS_DOCS.get })
    .put(
      "/impairments",
      async ({ request, server }) => {
        assertMayChange({ request, server }, config); // before the body is read
        return setAll(await readAll(request));
      },
      { parse: "none", detail: ALL_FAULTS_DOCS.put },
    )
    .delete(
      "/impairments",
      ({ request, server }) => {
        assertMayChange({ request, server }, config);
        return setAll(NO_IMPAIRMENTS);
      },
      { detail: ALL_FAULTS_DOCS.delete },
    )
    .use(PROTOCOLS.map((protocol) => protocolRoutes(protocol, parts)));
}

function protocolRoutes(protocol: Protocol, { faultsOf, setFaults, config }: FaultParts) {
  const path = `/impairments/${protocol}`;
  const docs = faultDocsOf(protocol);
  const read = faultsReader(protocol);
  const show = (): ProtocolFaults => ({ text: printFaults(faultsOf(protocol)), faults: faultsOf(protocol) });
  const set = (value: Faults) => {
    setFaults(protocol, value);
    return show();
  };
  return new Elysia({ name: `faults-${protocol}`, normalize: false })
    .get(path, show, { detail: docs.get })
    .put(
      path,
      async ({ request, server }) => {
        assertMayChange({ request, server }, config); // before the body is read
        return set(await read(request));
      },
      { parse: "none", detail: docs.put },
    )
    .delete(
      path,
      ({ request, server }) => {
        assertMayChange({ request, server }, config);
        return set(NO_FAULTS);
      },
      { detail: docs.delete },
    );
}
