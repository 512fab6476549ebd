/** Finds relays whose traffic comes back to them, as far as their routes show it; `lineage.ts` finds the others by their traffic. */
import { isIP } from "node:net";
import { isLoopback, reachedAddress } from "../../base/address.ts";
import { RelayError, type RelayRoute } from "./route.ts";

/** Where a relay listens and forwards to. */
type Ends = Pick<RelayRoute, "protocol" | "listen" | "upstream">;

/** A host as `reachedAddress` has it; `localhost` is 127.0.0.1, which relays prefer to ::1. */
function loopbackName(host: string): string {
  if (host === "localhost") return "127.0.0.1";
  return isIP(host) === 0 ? host : reachedAddress(host);
}

/** Whether a relay forwards to the port of another, or to its own, by its address or a name of this machine. */
export function forwardsTo({ protocol, upstream }: Ends, to: Ends): boolean {
  const { listen } = to;
  if (protocol !== to.protocol || listen.port === 0 || listen.port !== upstream.port) return false;
  const isAny = listen.host === "0.0.0.0" || listen.host === "::";
  const [own, reached] = [loopbackName(listen.host), loopbackName(upstream.host)];
  return own === reached || (isAny && isLoopback(reached));
}

/** Throws RelayError if the traffic of a relay comes back to it through some of the others, in which it may be itself. */
export function assertNoCycle(route: RelayRoute, others: readonly RelayRoute[]): void {
  const passed: RelayRoute[] = [];
  for (let last: RelayRoute | undefined = route; last; ) {
    if (passed.length > 0 && forwardsTo(last, route)) {
      const names = passed.map(({ name }) => name).join(" and ");
      throw new RelayError(`relay ${route.name}: its traffic would come back to it through ${names}`, {
        field: "upstream",
      });
    }
    const from: RelayRoute = last;
    last = others.find((other) => other.name !== route.name && !passed.includes(other) && forwardsTo(from, other));
    if (last) passed.push(last);
  }
}
