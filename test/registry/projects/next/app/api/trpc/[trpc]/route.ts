import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { router } from "../../../../lib/router";

const handle = (req: Request) => fetchRequestHandler({ endpoint: "/api/trpc", req, router });

export { handle as GET, handle as POST };
