/** Listening on a port, and one line for why it cannot be. */

/** A port that cannot be listened on; its message is one line that names it. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Runs `start`, which listens on `port` of `host`; turns the system's error into a ListenError. */
export async function listen<T>(name: string, host: string, port: number, start: () => T | Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ListenError(`${name} port ${port} on ${host} ${whyNot(code, host)}`);
  }
}

function whyNot(code: string, host: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "is in use";
    case "EACCES":
      return "may not be used by this user";
    case "EADDRNOTAVAIL":
      return `cannot be had: ${host} is no address of this machine`;
    default:
      return `cannot be had: ${code}`;
  }
}
