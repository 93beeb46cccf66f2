import type { Job, JobStreamEvent } from "@jobwire/shared";
import { applyJob, applyJobEvent, emptyJobView, type JobView } from "../job-view.js";
import type { Tracked } from "./follow-subscription.js";
import { followWithState, type Followed, type StateItem } from "./follow-with-state.js";
import type { StreamSource } from "./shared-stream.js";

/** One job and its log. */
export interface WatchedJob {
  /** `null` until it is known. */
  readonly job: JobView | null;
  /** What the server retains and everything since, oldest first: the newest 5000. */
  readonly events: readonly Tracked<JobStreamEvent>[];
  /** How many older ones were let go to keep to that number. */
  readonly droppedEvents: number;
}

export const unknownJob: WatchedJob = { job: null, events: [], droppedEvents: 0 };

const maxEvents = 5000;

type JobItem = StateItem<Job, JobStreamEvent>;

export function createWatchedJob(
  jobId: string,
  followed: Followed<Job, JobStreamEvent>,
): StreamSource<WatchedJob, JobItem> {
  return {
    reduce(watched, items) {
      const events = [
        ...watched.events,
        ...items.flatMap((item) => (item.kind === "event" ? [item.event] : [])),
      ];
      const dropped = Math.max(0, events.length - maxEvents);
      return {
        job: items.reduce(applyItem, watched.job ?? emptyJobView(jobId)),
        events: events.slice(dropped),
        droppedEvents: watched.droppedEvents + dropped,
      };
    },
    open: (sink) => followWithState(followed, sink),
  };
}

function applyItem(view: JobView, item: JobItem): JobView {
  return item.kind === "loaded" ? applyJob(view, item.loaded) : applyJobEvent(view, item.event.data);
}
