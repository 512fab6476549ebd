/** The opening of one QUIC connection, and the check of the target's certificate. */
import { isIP } from "node:net";
import { formatHostPort } from "../../../base/address.ts";
import { errorCode } from "../../measure/error-code.ts";
import { pemCertificates } from "../../plan/tls.ts";
import type { ClientSettings } from "../client.ts";
import { unspecifiedAddress } from "../connect.ts";
import { noCommonProtocol, openingError } from "../tls-errors.ts";
import type { Connect, Session } from "./quic.ts";

/** TLS's alert no_application_protocol as an error of QUIC (RFC 9001 section 4.8). */
const NO_PROTOCOL = 0x100n + 120n;
const ALPN = "h3";
const NS_PER_MS = 1e6;

/** Settings of an opening. */
export type OpeningSettings = Pick<ClientSettings, "endpoint" | "tls" | "recorder">;

/**
 * Opens a connection within `patienceMs`; rejects with an error that has a code. Records the time of the handshake. None is
 * resumed: no session of an earlier connection is offered.
 */
export async function openSession(connect: Connect, settings: OpeningSettings, patienceMs: number): Promise<Session> {
  const { endpoint, tls, recorder } = settings;
  const { hostname, address, port } = endpoint;
  const session = await connect(formatHostPort(address, port), {
    alpn: ALPN,
    // An address is no server name (RFC 6066 section 3); the runtime then sends the name localhost.
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ...(tls.verify && tls.ca !== undefined && { ca: (pemCertificates(tls.ca) ?? []).map((pem) => Buffer.from(pem)) }),
    // The runtime does not compare an address with the certificate: this module compares.
    verifyPeer: "manual",
    endpoint: { address: formatHostPort(unspecifiedAddress(address), 0) },
    handshakeTimeout: Math.ceil(patienceMs),
    // With this handler the rejections of all promises of the connection count as handled.
    onerror: () => undefined,
  });
  const { endpoint: socket } = session;
  // The runtime keeps the socket of a connection that has ended.
  const closeSocket = () => void socket?.close().catch(() => undefined);
  session.closed.then(closeSocket, closeSocket);
  try {
    const { validationErrorCode } = await session.opened;
    if (tls.verify) checkCertificate(session, hostname, validationErrorCode);
  } catch (error) {
    const failure = openingFailure(error, patienceMs);
    recorder.handshakes.failed(errorCode(failure));
    tls.renew?.();
    session.destroy();
    throw failure;
  }
  const { createdAt, handshakeCompletedAt } = session.stats;
  recorder.handshakes.record("quic", Number(handshakeCompletedAt - createdAt) / NS_PER_MS, false);
  return session;
}

/** Throws an error with the code of what is wrong with the certificate. `problem` is the runtime's, undefined for none. */
function checkCertificate({ peerCertificate }: Session, hostname: string, problem: unknown): void {
  if (typeof problem === "string") throw openingError("its certificate is not accepted", problem);
  const name = isIP(hostname) === 0 ? peerCertificate?.checkHost(hostname) : peerCertificate?.checkIP(hostname);
  if (name === undefined) throw openingError("its certificate has another name", "ERR_TLS_CERT_ALTNAME_INVALID");
}

/** The error of a connection that did not open, with a code of its own where the runtime's is a general one. */
function openingFailure(error: unknown, patienceMs: number): unknown {
  const { errorCode: code, message } = Object(error);
  if (code === NO_PROTOCOL) return noCommonProtocol(ALPN);
  if (/handshake timed out/.test(String(message))) {
    return openingError(`no response to the QUIC handshake within ${patienceMs} ms`, "ETIMEDOUT");
  }
  return error;
}
