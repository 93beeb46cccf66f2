import type { FastifyHelmetOptions } from "@fastify/helmet";

/**
 * Headers for a dashboard of hashed files from the same origin, which shows pictures that builds publish. What belongs
 * to TLS (HSTS, upgrading requests) is for the proxy that ends it.
 */
export const pageSecurity: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:", "http:", "https:"],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
  xFrameOptions: { action: "deny" },
};
