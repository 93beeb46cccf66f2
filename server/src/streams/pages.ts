import type { Page } from "../store/store.js";
import type { RecentLimits } from "./recent-frames.js";

/** What a hub keeps of its topic in memory. */
export const recentLimits: RecentLimits = { maxFrames: 256, maxBodyLength: 524_288 };

/**
 * What is read for one stream at a time. Many may be behind at once, each with a page in hand; and what a page costs, live streams
 * wait for.
 */
export const readerPage: Page = { entries: 64, bytes: 524_288 };

/** What is read to be compared with the frames in memory: all of these, should each character take three bytes. */
export const comparedPage: Page = { entries: recentLimits.maxFrames, bytes: 3 * recentLimits.maxBodyLength };
