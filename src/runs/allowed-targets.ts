/** The targets that the operator allows runs from the page to have. */

/** A target that the operator allowed; without a port, any port of that host. */
export interface AllowedTarget {
  readonly host: string;
  readonly port: number | undefined;
}

/** Reads `WIRELAB_TARGETS`: `host`, `host:port`, `[v6]:port`, apart by commas. Undefined where one is neither. */
export function parseTargets(text: string): readonly AllowedTarget[] | undefined {
  const targets: AllowedTarget[] = [];
  for (const part of text.split(",").map((part) => part.trim())) {
    const match = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(part);
    const host = match?.[1] ?? match?.[2];
    const port = match?.[3] === undefined ? undefined : Number(match[3]);
    if (host === undefined || port === 0 || (port ?? 1) > 65_535) return undefined;
    targets.push({ host: host.toLowerCase(), port });
  }
  return targets;
}

/** `host:port`, or the host alone. */
export function printTarget({ host, port }: AllowedTarget): string {
  return port === undefined ? host : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
