export { createJobDisplay, type JobDisplay } from "./job-display.js";
export { formatSeconds, printable } from "./text.js";
