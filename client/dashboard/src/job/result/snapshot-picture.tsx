import type { PictureView } from "@jobwire/client";
import { Picture } from "./picture.js";

export function SnapshotPicture({
  picture: { url, caption, width, height },
}: {
  readonly picture: PictureView;
}) {
  return (
    <figure className="snapshot">
      <Picture url={url} alt={caption ?? "What the build looks like"} width={width} height={height} />
      {caption !== null && (
        <figcaption className="small soft" dir="auto">
          {caption}
        </figcaption>
      )}
    </figure>
  );
}
