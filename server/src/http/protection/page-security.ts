import type { FastifyHelmetOptions } from "@fastify/helmet";

/**
 * Headers for a dashboard of hashed files from the same origin. It shows pictures that builds publish: those in the event
 * itself, and from the network only what the operator allows, since asking for one tells its host who reads the page. What
 * belongs to TLS (HSTS, upgrading requests) is for the proxy that ends it.
 */
export const pageSecurity = (pictureOrigins: readonly string[]): FastifyHelmetOptions => ({
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
