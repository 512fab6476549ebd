/** What must hold after each attack: every protocol answers, resources are free again, and the counters are balanced. */
import { expect } from "bun:test";
import { PROTOCOLS } from "../../../src/base/protocol.ts";
import type { LabProcess } from "../../servers/support/lab-process.ts";
import { FORMS, TLS_FORMS } from "../../support/clients.ts";
import { type Series, scrape } from "../../support/scrape.ts";
import { until } from "../../support/until.ts";
import { WEBSOCKET_FORMS } from "../../support/websocket-forms.ts";

/** Most growth of resident memory that remains after an attack, octets: what the runtime keeps for reuse. */
const MOST_GROWTH = 128e6;
/** Descriptors that connections of the check itself may have. */
const MOST_DESCRIPTORS = 8;
const LIMIT_MS = 30_000;

/** The resources of a lab before an attack. */
export interface Resources {
  readonly memory: number;
  readonly descriptors: number;
}

/** The protocols that the lab serves. */
const servedBy = (lab: LabProcess) => PROTOCOLS.filter((protocol) => lab.ports[protocol] !== undefined);

/** Sends a packet on every protocol in every form, and waits for the answers. */
export async function expectService(lab: LabProcess): Promise<void> {
  const forms = [...FORMS, ...TLS_FORMS, ...WEBSOCKET_FORMS];
  for (const form of forms.filter(({ protocol }) => servedBy(lab).includes(protocol))) {
    await using client = await form.connect(lab);
    await client.send(1);
    await until(() => client.replies.length === 1, `an answer (${form.name})`);
  }
  expect(lab.running).toBe(true);
}

function resourcesIn(series: Series): Resources {
  return { memory: series.get("process_resident_memory_bytes"), descriptors: series.get("process_open_fds") };
}

/** Uses every protocol once and returns the resources that the lab then has. */
export async function startingPoint(lab: LabProcess): Promise<Resources> {
  await expectService(lab);
  return resourcesIn(await scrape(lab));
}

/** Whether each packet is answered or dropped. */
function isBalanced(lab: LabProcess, series: Series): boolean {
  return servedBy(lab).every((protocol) => {
    const answered = series.get("response_time_seconds_count", { protocol });
    return series.get("packets_total", { protocol }) === answered + series.get("dropped_packets_total", { protocol });
  });
}

/** Checks a lab after an attack: service, memory, descriptors, connections, and that every packet is counted once. */
export async function expectRecovery(lab: LabProcess, before: Resources): Promise<Series> {
  await expectService(lab);
  let latest = "";
  const isRestored = async () => {
    const series = await scrape(lab);
    const { memory, descriptors } = resourcesIn(series);
    const balanced = isBalanced(lab, series);
    latest = JSON.stringify({ before, memory, descriptors, balanced });
    const isFree = descriptors <= before.descriptors + MOST_DESCRIPTORS && memory < before.memory + MOST_GROWTH;
    const open = (protocol: string) => series.sum("wirelab_open_connections", { protocol });
    return isFree && balanced && open("tcp") + open("tls") + open("websocket") === 0 && series;
  };
  const series = await until(isRestored, "resources and counters after the attack", LIMIT_MS).catch((error) => {
    throw new Error(`${error}: ${latest}`);
  });
  for (const protocol of servedBy(lab)) {
    const failed = series.get("wirelab_rejected_total", { protocol, reason: "failed" });
    expect([protocol, failed]).toEqual([protocol, 0]);
  }
  expect(lab.running).toBe(true);
  return series;
}
