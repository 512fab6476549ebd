/** Starts a lab for one test. */
import { isSecure, PROTOCOLS, type SecureProtocol } from "../../src/base/protocol.ts";
import { type Lab, type LabOptions, type RunningLab, startLab } from "../../src/lab.ts";

/** Options that select free ports; protocols with a handshake are off. */
export const FREE_PORTS: LabOptions = { httpPort: 0, tcpPort: 0, udpPort: 0, tls: "off" };

/** The protocols that a lab with these options serves. */
export const SERVED_WITHOUT_TLS = PROTOCOLS.filter((protocol) => !isSecure(protocol));

/** Options that select free ports for every protocol. */
export const ALL_FREE_PORTS: LabOptions = {
  ...FREE_PORTS,
  tls: "on",
  httpsPort: 0,
  http2Port: 0,
  http3Port: 0,
  tlsPort: 0,
};

/** Options that serve `protocol`, and no other protocol with a handshake. */
export function servingOnly(protocol: SecureProtocol): LabOptions {
  const off = { tlsPort: "off", httpsPort: "off", http2Port: "off", http3Port: "off" } as const;
  return { tls: "on", ...off, [`${protocol}Port`]: 0 };
}

/** Options that serve TLS, and no other protocol with a handshake. */
export const TLS_ON = servingOnly("tls");

/** Starts a lab on free ports of the loopback interface; `await using` closes it. */
export function startTestLab(options: LabOptions = {}): Promise<RunningLab> {
  return startLab({ ...FREE_PORTS, ...options });
}

/** The URL of one of the lab's HTTP routes, on an IPv4 address of the loopback interface. */
export function urlOf(lab: Lab, path = ""): string {
  const host = lab.host.startsWith("127.") ? lab.host : "127.0.0.1";
  return `http://${host}:${lab.ports.http}${path}`;
}
