/** `npm run example:react`: a page that starts a job and shows it live. The browser's part is browser.tsx. */
import { browserPage } from "../page-server/browser-page.js";
import { runPageServer } from "../page-server/page-server.js";

const page = await browserPage("A job", new URL("browser.tsx", import.meta.url));
await runPageServer("A job", () => page);
