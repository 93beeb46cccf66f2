import { initTRPC, tracked } from "@trpc/server";
import { createServer } from "node:http";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { createSseHandler } from "@jobwire/server/sse";
import { findChromium, launchChromium, openInBrowser } from "./chromium.ts";
const t = initTRPC.create();
const router = t.router({ q: t.procedure.query(() => 1), mix: t.procedure.subscription(async function* () { yield tracked("a", "tracked"); yield "untracked"; yield tracked("b", "tracked"); }) });
const o = { router, createContext: () => ({}) };
const calls = createHTTPHandler(o); const sse = createSseHandler(o);
const a = createServer(calls).listen(0); const b = createServer((q, r) => void sse(q, r).then((x) => x || calls(q, r))).listen(0);
const br = await launchChromium(findChromium()!);
for (const [n, s] of [["tRPC", a], ["Jobwire", b]] as const) {
  const url = `http://127.0.0.1:${(s.address() as any).port}`; const page = await br.newPage(); await page.goto(url + "/q");
  const st = await openInBrowser(page, url + "/mix", ["return", "restore-id"]); console.log(n, JSON.stringify(await st.until("return"))); await st.close();
}
await br.close(); process.exit(0);
