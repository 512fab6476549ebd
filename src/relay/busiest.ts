/** Selects the flows of a relay with the most octets. */
import type { FlowState } from "./relay-port.ts";

const bytesOf = ({ up, down }: FlowState) => up.bytes + down.bytes;

/** Those of `flows` with the most octets, the first with the most. To sort all of 10,000 flows would take too long. */
export function busiest(flows: readonly FlowState[], most: number): readonly FlowState[] {
  let found: FlowState[] = [];
  let least = -1;
  const select = () => {
    found = found.sort((a, b) => bytesOf(b) - bytesOf(a)).slice(0, most);
    const last = found[most - 1];
    if (last) least = bytesOf(last);
  };
  for (const flow of flows) {
    if (bytesOf(flow) > least) found.push(flow);
    if (found.length === 2 * most) select();
  }
  select();
  return found;
}

/** A flow as it is now. */
export function copyOf({ address, port, openedAt, up, down }: FlowState): FlowState {
  return { address, port, openedAt, up: { ...up }, down: { ...down } };
}
