/** `/impairments`: reads and changes the faults while the lab runs. */
import { Elysia } from "elysia";
import { PROTOCOLS, type Protocol, recordOf } from "../base/protocol.ts";
import { type Faults, type Impairments, NO_FAULTS, NO_IMPAIRMENTS, PRESETS } from "../faults/faults.ts";
import { printFaults, printImpairments } from "../faults/print.ts";
import { NotServedError } from "./errors.ts";
import { faultsReader, impairmentsReader } from "./faults-body.ts";
import { allFaultsDocs, faultDocsOf } from "./faults-description.ts";
import type { ApiParts } from "./parts.ts";
import { assertMayChange } from "./rights.ts";
import type { AllFaults, ProtocolFaults } from "./shapes.ts";

type FaultParts = Pick<ApiParts, "faultsOf" | "setFaults" | "config" | "served">;

/** `/impairments` and a route for each protocol below it that is served. */
export function faultRoutes(parts: FaultParts) {
  const { faultsOf, setFaults, config, served } = parts;
  const docs = allFaultsDocs(served);
  const show = (): AllFaults => {
    const impairments = recordOf(served, faultsOf);
    return { text: printImpairments(impairments), impairments, presets: Object.keys(PRESETS) };
  };
  const readAll = impairmentsReader(served);
  const setAll = (impairments: Impairments) => {
    for (const protocol of served) setFaults(protocol, impairments[protocol]);
    return show();
  };
  return new Elysia({ name: "faults", normalize: false })
    .get("/impairments", show, { detail: docs.get })
    .put(
      "/impairments",
      async ({ request, server }) => {
        assertMayChange({ request, server }, config); // before the body is read
        return setAll(await readAll(request));
      },
      { parse: "none", detail: docs.put },
    )
    .delete(
      "/impairments",
      ({ request, server }) => {
        assertMayChange({ request, server }, config);
        return setAll(NO_IMPAIRMENTS);
      },
      { detail: docs.delete },
    )
    .use(PROTOCOLS.map((name) => (served.includes(name) ? protocolRoutes(name, parts) : noRoutes(name, served))));
}

/** The path of a protocol that is not served: every request is refused. */
function noRoutes(protocol: Protocol, served: readonly Protocol[]) {
  const refuse = () => {
    throw new NotServedError(protocol, served);
  };
  return new Elysia({ name: `faults-${protocol}` }).all(`/impairments/${protocol}`, refuse, { detail: { hide: true } });
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
