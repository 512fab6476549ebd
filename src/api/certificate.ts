/** `/ca.pem`: the authority of the lab's own certificate. */
import { Elysia } from "elysia";
import { describe, errorResponse } from "./openapi.ts";
import type { ApiParts } from "./parts.ts";

const NO_AUTHORITY = "this lab has no authority of its own: TLS is off, or the certificate is the user's";

const DOCS = describe(
  "measurement",
  "The authority of the lab's certificate, for clients to trust",
  {
    200: {
      description: "The certificate of the authority",
      content: {
        "application/x-pem-file": { schema: { type: "string" }, example: "-----BEGIN CERTIFICATE-----\n" },
      },
    },
    404: errorResponse("The lab has no authority of its own", NO_AUTHORITY),
  },
  { description: "`curl -O http://localhost:5000/ca.pem; curl --cacert ca.pem https://localhost:5443/status/200`" },
);

/** The route of the authority. */
export function certificateRoutes({ certificate }: Pick<ApiParts, "certificate">) {
  return new Elysia({ name: "certificate" }).get(
    "/ca.pem",
    () => {
      const ca = certificate?.current.ca;
      if (ca === undefined) return Response.json({ error: NO_AUTHORITY }, { status: 404 });
      const headers = {
        "content-type": "application/x-pem-file",
        "content-disposition": 'attachment; filename="ca.pem"',
        "cache-control": "no-cache",
      };
      return new Response(ca, { headers });
    },
    { detail: DOCS },
  );
}
