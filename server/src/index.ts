export type { AppRouter } from "./app-router.js";
export { readConfig, type Config } from "./config.js";
export { startServer, type RunningServer } from "./start-server.js";
