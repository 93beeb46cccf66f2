/**
 * The application as a library: its configuration, and the server itself.
 * @module @jobwire/server
 */
export type { AppRouter } from "./app-router.js";
export { builtDashboard } from "./built-dashboard.js";
export { readConfig, withDataFolder, type Config } from "./config.js";
export type { SessionObserver } from "./sessions/session-observers.js";
export { startServer, type RunningServer, type ServerOptions } from "./start-server.js";
