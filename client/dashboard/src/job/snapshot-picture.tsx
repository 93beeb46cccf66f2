import type { PictureView } from "@jobwire/client";

export function SnapshotPicture({
  picture: { url, caption, width, height },
}: {
  readonly picture: PictureView;
}) {
  return (
    <figure className="card snapshot">
      <img
        src={url}
        alt={caption ?? "What the build looks like"}
        width={width ?? undefined}
        height={height ?? undefined}
      />
      {caption !== null && <figcaption className="small soft">{caption}</figcaption>}
    </figure>
  );
}
