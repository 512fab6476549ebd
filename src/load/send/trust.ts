/** The certificates that a run trusts: its own, those of the lab on this machine, or those of the runtime. */
import { fetchText } from "../measure/directions/lab-summary.ts";
import { isThisMachine } from "../plan/lab-address.ts";
import type { RunPlan } from "../plan/run-plan.ts";
import { isEncrypted, pemCertificates, type TlsPlan } from "../plan/tls.ts";

/** The options of a TLS socket that accepts the certificates of the plan. */
export function tlsOptions({ verify, ca }: TlsPlan): {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
} {
  // In place of the runtime's certificates: to load these with `ca` would take 4 ms of each connection.
  return { rejectUnauthorized: verify, ...(verify && ca !== undefined && { ca }) };
}

/** How often the certificates are asked for: without them the run cannot start, and a link that loses packets can lose these. */
const TRIES = 3;

/** The certificates of a lab, `GET /ca.pem` of its control routes. A lab that starts again can have made others. */
class LabAuthority implements TlsPlan {
  readonly verify = true;
  readonly caFrom = "lab";
  readonly #url: URL;
  #ca: string | undefined;
  #isRenewing = false;

  constructor(controlUrl: URL) {
    this.#url = new URL("ca.pem", controlUrl);
  }

  get ca(): string | undefined {
    return this.#ca;
  }

  async read(): Promise<void> {
    this.#ca = pemCertificates((await fetchText(this.#url, TRIES)) ?? "")?.join("\n") ?? this.#ca;
  }

  /** Reads them once at a time, however many connections fail. */
  renew(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    void this.read().finally(() => {
      this.#isRenewing = false;
    });
  }
}

/**
 * The plan's certificates, or those of the lab on this machine. These only where target and control address are this
 * machine: over a network anybody could send that file.
 */
export async function withLabAuthority(plan: RunPlan): Promise<TlsPlan> {
  const { tls, target, controlUrl } = plan;
  if (!isEncrypted(plan) || !tls.verify || tls.ca !== undefined || controlUrl === undefined) return tls;
  const hosts = [target.hostname, controlUrl.hostname.replace(/^\[|\]$/g, "")];
  if (!hosts.every(isThisMachine)) return tls;
  const authority = new LabAuthority(controlUrl);
  await authority.read();
  return authority.ca === undefined ? tls : authority;
}
