import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import helmet from "helmet";

/**
 * Headers for a dashboard of hashed files from the same origin. It shows pictures that builds publish: those in the event
 * itself, and from the network only what the operator allows, since asking for one tells its host who reads the page. What
 * belongs to TLS (HSTS, upgrading requests) is for the proxy that ends it.
 */
export function createPageSecurity(pictureOrigins: readonly string[]): Map<string, string> {
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:", ...pictureOrigins],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: "deny" },
  });
  // They are the same for every request, so they are made once.
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  protect(request, response, (error) => {
    if (error) throw new Error("The page's security headers could not be made", { cause: error });
  });
  return new Map(response.getHeaderNames().map((name) => [name, String(response.getHeader(name))]));
}
