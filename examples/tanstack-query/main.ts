/** `npm run example:tanstack-query`: a list of jobs in TanStack Query. The browser's part is browser.tsx. */
import { browserPage } from "../page-server/browser-page.js";
import { runPageServer } from "../page-server/page-server.js";

const page = await browserPage("Jobs", new URL("browser.tsx", import.meta.url));
await runPageServer("Jobs", () => page);
