import { useState } from "react";
import { useAuthorizedFetch } from "../sign-in/authorized-fetch.js";

/** A link cannot send a token in a header, so the page fetches the file and hands it over. */
export function DownloadButton({ url, name }: { readonly url: string; readonly name: string }) {
  const authorizedFetch = useAuthorizedFetch();
  const [problem, setProblem] = useState<string | null>(null);
  const download = async () => {
    const response = await authorizedFetch(url);
    if (!response.ok) return setProblem(`The server answered with status ${response.status}.`);
    setProblem(null);
    save(await response.blob(), name);
  };
  return (
    <>
      {problem !== null && (
        <span role="alert" className="small">
          {problem}
        </span>
      )}
      <button
        type="button"
        className="button button-small"
        onClick={() => void download().catch(() => setProblem("The server does not answer."))}
      >
        Download
      </button>
    </>
  );
}

function save(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
