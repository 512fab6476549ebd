/** Opens Toxiproxy's HTTP API of a lab. */
import type { Config } from "../config.ts";
import { errorCode } from "../load/measure/error-code.ts";
import { ListenError, portProblem } from "../servers/listener.ts";
import { serveToxiproxy, type ToxiproxyOptions, type ToxiproxyServer } from "./server.ts";

/** What the lab shares with the server. */
type Shared = Pick<ToxiproxyOptions, "relays" | "limits" | "bodies" | "errors">;

/** Opens the port of the configuration; undefined without one. Throws ListenError. */
export function openToxiproxy(config: Config, shared: Shared): ToxiproxyServer | undefined {
  const { toxiproxyPort: port, host, seed, token } = config;
  if (port === undefined) return undefined;
  try {
    return serveToxiproxy({ ...shared, port, host, seed, rights: { token, host } });
  } catch (error) {
    const code = errorCode(error);
    throw new ListenError(`Toxiproxy port ${port} on ${host} ${portProblem(code, host)}`, "toxiproxy", code);
  }
}
