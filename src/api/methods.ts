/** The methods of each path, for requests with another one: 405 with `Allow` (RFC 9110 section 15.5.6). */

/** A route: its method, and its path with parameters as `:name` or `{name}`. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** Returns a function that gives the methods that a path has, in order; none if there is no such path. */
export function methodTable(routes: readonly Route[]): (path: string) => readonly string[] {
  const table = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (path) => {
    const methods = table.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))].sort();
  };
}

/** The paths of a route: each parameter is one segment, which is not empty. */
function patternOf(path: string): RegExp {
  const segments = path.split("/").map((segment) => (/^[:{]/.test(segment) ? "[^/]+" : RegExp.escape(segment)));
  return new RegExp(`^${segments.join("/")}$`);
}
