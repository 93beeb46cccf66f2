/**
 * A job's events on a terminal.
 * @module @jobwire/client/terminal
 */
export { createJobDisplay, type JobDisplay } from "./job-display.js";
export { formatSeconds, printable } from "./text.js";
