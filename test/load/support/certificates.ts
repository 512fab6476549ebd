/** Certificates for targets of tests: one authority, and what it has signed. */
import { DAY_MS } from "../../../src/certificates/certificate.ts";
import { makeAuthority, makeCertificate } from "../../../src/certificates/make.ts";

const names = ["localhost", "127.0.0.1", "::1"];
const longAgo = Date.now() - 1000 * DAY_MS;
const authority = await makeAuthority([...names, "other.test"], longAgo);

/** The authority of these certificates, PEM. */
export const ca = authority.cert;
/** Valid for localhost and its addresses. */
export const valid = await makeCertificate(authority, names);
/** Has expired. */
export const expired = await makeCertificate(authority, names, longAgo);
/** Valid for another name. */
export const otherName = await makeCertificate(authority, ["other.test"]);
