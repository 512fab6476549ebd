/** `/relays`: reads, makes, changes and closes relays while the lab runs. */
import { Elysia } from "elysia";
import { formatPeer } from "../base/address.ts";
import { perDirection } from "../faults/faults.ts";
import { type LinkFaultsByDirection, NO_FAULTS_BY_DIRECTION } from "../faults/link-faults.ts";
import { printLinkFaults } from "../faults/link-text.ts";
import { quote } from "../faults/pieces.ts";
import { relayHead, visibleRelay } from "../live/relays.ts";
import { gainedCounts, readAmounts } from "../metrics/relay-counters.ts";
import type { Relay } from "../relay/relay.ts";
import type { FlowState } from "../relay/relay-port.ts";
import { MAX_RELAYS } from "../relay/relays.ts";
import { checkedName, printRoute } from "../relay/route/text.ts";
import { NotFoundError } from "./errors.ts";
import type { ApiParts } from "./parts.ts";
import { readLinkFaults, readRoute } from "./relay-body.ts";
import { RELAY_DOCS } from "./relays-description.ts";
import { assertMayChange, mayChange, type RouteContext } from "./rights.ts";
import type { RelayFaults, RelayFlow, RelayFlows, RelayState } from "./shapes.ts";

/** Most flows in a response: those with the most octets. */
const MOST_FLOWS = 100;

type RelayParts = Pick<ApiParts, "relays" | "config" | "clock" | "log">;
type NamedContext = RouteContext & { readonly params: { readonly name: string } };

/** The routes of relays. */
export function relayRoutes(parts: RelayParts) {
  const { relays, config, clock, log } = parts;
  const find = (name: string): Relay => {
    const relay = relays.get(name);
    if (!relay) throw new NotFoundError(`there is no relay ${quote(name)}`);
    return relay;
  };
  const stateFor = (context: RouteContext, relay: Relay) =>
    visibleRelay(stateOf(relay, clock.now()), { peers: mayChange(context, config) });
  const setFaults = (relay: Relay, faults: LinkFaultsByDirection): RelayFaults => {
    relay.setFaults(faults);
    log.write("info", "faults changed", { relay: relay.route.name, faults: faultsOf(relay).text });
    return faultsOf(relay);
  };
  return new Elysia({ name: "relays", normalize: false })
    .get(
      "/relays",
      (context) => ({ relays: relays.list().map((relay) => stateFor(context, relay)), limit: MAX_RELAYS }),
      { detail: RELAY_DOCS.list },
    )
    .get("/relays/:name", (context: NamedContext) => stateFor(context, find(context.params.name)), {
      detail: RELAY_DOCS.get,
    })
    .put(
      "/relays/:name",
      async (context: NamedContext) => {
        assertMayChange(context, config); // before the body is read
        const name = checkedName(context.params.name);
        const route = await readRoute(context.request);
        const isNew = relays.get(name) === undefined;
        const relay = await relays.put({ name, ...route });
        log.write("info", "relay open", { relay: printRoute(relay.route), port: relay.port });
        return Response.json(stateFor(context, relay), { status: isNew ? 201 : 200 });
      },
      { parse: "none", detail: RELAY_DOCS.put },
    )
    .delete(
      "/relays/:name",
      async (context: NamedContext) => {
        assertMayChange(context, config);
        const { name } = find(context.params.name).route;
        await relays.delete(name);
        log.write("info", "relay closed", { relay: name });
        return { deleted: name };
      },
      { detail: RELAY_DOCS.delete },
    )
    .get("/relays/:name/impairments", (context: NamedContext) => faultsOf(find(context.params.name)), {
      detail: RELAY_DOCS.faults,
    })
    .put(
      "/relays/:name/impairments",
      async (context: NamedContext) => {
        assertMayChange(context, config); // before the body is read
        const { name, protocol } = find(context.params.name).route;
        const faults = await readLinkFaults(protocol, context.request);
        const relay = find(name); // the relay can have been replaced while the body arrived
        if (relay.route.protocol !== protocol) throw new NotFoundError(`there is no ${protocol} relay ${quote(name)}`);
        return setFaults(relay, faults);
      },
      { parse: "none", detail: RELAY_DOCS.putFaults },
    )
    .delete(
      "/relays/:name/impairments",
      (context: NamedContext) => {
        assertMayChange(context, config);
        return setFaults(find(context.params.name), NO_FAULTS_BY_DIRECTION);
      },
      { detail: RELAY_DOCS.deleteFaults },
    )
    .get(
      "/relays/:name/flows",
      (context: NamedContext): RelayFlows => {
        const relay = find(context.params.name);
        const shown = relay.busiestFlows(MOST_FLOWS);
        const peers = mayChange(context, config);
        return {
          flows: shown.map((flow) => flowOf(flow, clock.now(), peers)),
          leftOut: relay.open.size - shown.length,
        };
      },
      { detail: RELAY_DOCS.flows },
    );
}

function faultsOf({ route, faults }: Relay): RelayFaults {
  return { text: printLinkFaults(route.protocol, faults), faults };
}

/** The relay with its totals at the monotonic time `now`, ms. */
function stateOf(relay: Relay, now: number): RelayState {
  return {
    ...relayHead(relay, now),
    instance: relay.instance,
    ...perDirection((direction) => {
      const { drops, dropBytes, effects, added } = relay.counts[direction];
      const { sum, count, ...totals } = readAmounts(relay.counts[direction]);
      return {
        totals,
        drops: gainedCounts(drops, {}),
        dropBytes: gainedCounts(dropBytes, {}),
        effects: gainedCounts(effects, {}),
        added: { sum, count, bounds: added.bounds, counts: [...added.counts] },
      };
    }),
  };
}

function flowOf({ address, port, openedAt, up, down }: FlowState, now: number, peers: boolean): RelayFlow {
  const seconds = Math.round(now - openedAt) / 1000;
  return { peer: peers ? formatPeer(address, port) : "", seconds, up, down };
}
