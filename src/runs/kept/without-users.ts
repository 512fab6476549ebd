/** Removes user names and passwords of URLs from runs that an earlier version kept. */

/** The user name and password of a URL, up to the `@`. */
const USER_IN_URL = /:\/\/[^/?#\s]*@/g;

/** The text without user names in its URLs; `key` is "target" for a target, which can be without a scheme. */
function cleaned(key: string, text: string): string {
  if (key === "target" && !text.includes("://")) return text.replace(/^[^/?#]*@/, "");
  return text.replace(USER_IN_URL, "://");
}

/** A JSON text whose URLs have no user names and passwords; a text that is not JSON is returned as it is. */
export function withoutUsers(json: string): string {
  if (!json.includes("@")) return json;
  try {
    return JSON.stringify(JSON.parse(json, (key, value) => (typeof value === "string" ? cleaned(key, value) : value)));
  } catch {
    return json;
  }
}
