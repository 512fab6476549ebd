/** Requests to a lab through the published ports, repeated until one is answered. */
import { connect } from "node:tls";
import { until } from "../wait.ts";

const DEADLINE_SECONDS = 20;

/** Returns the body of an answered `POST /`. */
export function askHttp(port: number): Promise<string> {
  return until("an answer over HTTP", DEADLINE_SECONDS, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"n":7}',
      signal: AbortSignal.timeout(5000),
    }).catch(() => undefined);
    return answer?.status === 200 ? await answer.text() : undefined;
  });
}

/** Returns the answer to a plain TCP client. */
export function askTcp(port: number): Promise<string> {
  return until("an answer over TCP", DEADLINE_SECONDS, () => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const connecting = Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => void socket.write("Hello TCP 7"),
        data(socket, data) {
          resolve(data.toString());
          socket.end();
        },
        close: () => resolve(undefined),
        error: () => resolve(undefined),
        connectError: () => resolve(undefined),
      },
    });
    connecting.catch(() => resolve(undefined));
    return promise;
  });
}

/** The certificate of the lab's authority. */
export function authorityOf(httpPort: number): Promise<string> {
  return until("the lab's authority", DEADLINE_SECONDS, async () => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/ca.pem`).catch(() => undefined);
    return answer?.ok ? await answer.text() : undefined;
  });
}

/** Returns the body of an answered `POST /` over TLS or QUIC; over TLS the certificate must be for localhost, by `ca`. */
export function askEncrypted(protocol: "https" | "http2" | "http3", port: number, ca: string): Promise<string> {
  return until(`an answer over ${protocol}`, DEADLINE_SECONDS, async () => {
    // Over HTTP/3 the runtime tries the first address of a name only, which can be ::1, and accepts no authority.
    const isQuic = protocol === "http3";
    const answer = await fetch(`https://${isQuic ? "127.0.0.1" : "localhost"}:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"n":7}',
      signal: AbortSignal.timeout(5000),
      protocol: protocol === "https" ? "http1.1" : protocol,
      tls: isQuic ? { rejectUnauthorized: false } : { ca },
    }).catch(() => undefined);
    return answer?.status === 200 ? await answer.text() : undefined;
  });
}

/** Returns the answer to a plain client over TLS, which the certificate has to name as `serverName`. */
export function askTls(port: number, ca: string, serverName: string): Promise<string> {
  return until("an answer over TLS", DEADLINE_SECONDS, () => {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const socket = connect({ host: "127.0.0.1", port, ca, servername: serverName });
    socket.once("secureConnect", () => socket.write("Hello TLS 7"));
    socket.once("data", (data) => {
      resolve(data.toString());
      socket.end();
    });
    socket.once("error", () => resolve(undefined));
    socket.once("close", () => resolve(undefined));
    return promise;
  });
}

/** Returns the answer to a plain UDP client. */
export async function askUdp(port: number): Promise<string> {
  let got: string | undefined;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(_, data) {
        got = data.toString();
      },
      error() {},
    },
  });
  try {
    return await until("an answer over UDP", DEADLINE_SECONDS, async () => {
      socket.send("Hello UDP 7", port, "127.0.0.1");
      await Bun.sleep(50);
      return got;
    });
  } finally {
    socket.close();
  }
}
