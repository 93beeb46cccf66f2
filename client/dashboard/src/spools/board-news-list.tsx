import { Clock } from "../time/clock.js";
import type { BoardNews } from "./board-news.js";
import { formatDayAndTime } from "./day-and-time.js";

/** Who did what, read out as it happens. */
export function BoardNewsList({ news }: { readonly news: readonly BoardNews[] }) {
  return (
    <ol className="board-news small" aria-live="polite" aria-label="What has just changed">
      {news.map(({ key, text, at }) => (
        <li key={key}>
          <bdi>{text}</bdi>{" "}
          <Clock time={at} className="soft number">
            {formatDayAndTime(at)}
          </Clock>
        </li>
      ))}
    </ol>
  );
}
