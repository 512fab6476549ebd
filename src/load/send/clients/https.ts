/** The HTTPS client: as the HTTP client, whose target has the URL scheme `https`. */
export { makeClient } from "./http.ts";
