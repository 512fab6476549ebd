/** Loads the client of a protocol by convention, so that a new protocol needs no entry here. */
import type { RunPlan } from "../plan/run-plan.ts";
import type { Client, ClientModule, RunParts } from "./client.ts";

/** Makes the client for a plan, with `makeClient` of clients/<protocol>.ts. It is not open yet. */
export async function makeClient(plan: RunPlan, parts: RunParts): Promise<Client> {
  const module: ClientModule = await import(`./clients/${plan.protocol}.ts`);
  return module.makeClient({ ...plan, ...parts });
}
