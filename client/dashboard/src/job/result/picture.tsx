import { useEffect, useState } from "react";

export interface PictureProps {
  readonly url: string;
  readonly alt: string;
  readonly width?: number | null;
  readonly height?: number | null;
}

const carried = /^data:image\/(png|jpeg|webp|gif|svg\+xml)[;,]/;

/**
 * A picture that a build has published. From the network only where the operator allows it, since to ask for one tells its
 * host who reads the page; what is not shown has a frame that says why.
 */
export function Picture({ url, alt, width = null, height = null }: PictureProps) {
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const isCarried = carried.test(url);
  const origins = usePictureOrigins(!isCarried);
  const address = URL.canParse(url) ? new URL(url) : null;
  if (brokenUrl === url || (!isCarried && !/^https?:$/.test(address?.protocol ?? "")))
    return <Frame alt={alt} why="This picture does not load" href={null} />;
  if (!isCarried && !origins) return <Frame alt={alt} why="" href={null} />;
  if (!isCarried && address && !origins?.includes(address.origin))
    return <Frame alt={alt} why={`A picture at ${address.host}, not loaded`} href={url} />;
  return (
    <img
      src={url}
      alt={alt}
      width={width ?? undefined}
      height={height ?? undefined}
      onError={() => setBrokenUrl(url)}
    />
  );
}

interface FrameProps {
  readonly alt: string;
  readonly why: string;
  readonly href: string | null;
}

/** Of phrasing elements: it stands in a paragraph of a document, too. */
function Frame({ alt, why, href }: FrameProps) {
  return (
    <span className="picture-frame">
      {alt !== "" && <span dir="auto">{alt}</span>}
      <span className="soft small">
        {why}
        {href !== null && (
          <>
            {" · "}
            <a href={href} target="_blank" rel="noreferrer">
              open
            </a>
          </>
        )}
      </span>
    </span>
  );
}

let asked: Promise<readonly string[]> | undefined;

/** Where the operator lets pictures come from; `null` until it is known. */
function usePictureOrigins(isWanted: boolean): readonly string[] | null {
  const [origins, setOrigins] = useState<readonly string[] | null>(null);
  useEffect(() => {
    if (!isWanted) return;
    asked ??= readPictureOrigins();
    void asked.then(setOrigins);
  }, [isWanted]);
  return origins;
}

async function readPictureOrigins(): Promise<readonly string[]> {
  try {
    const response = await fetch("/api/page");
    if (!response.ok) return [];
    const { pictureOrigins } = (await response.json()) as { readonly pictureOrigins: readonly string[] };
    return pictureOrigins;
  } catch {
    asked = undefined;
    return [];
  }
}
