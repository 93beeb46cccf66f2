import { useEffect, useState } from "react";
import type { SessionMessage } from "@jobwire/client/react";
import { keyOfMessage } from "../notices/notice.js";

const maxKept = 50;
/** Of what a browser lets a page keep; what is longer is shown and not kept. */
const maxKeptLength = 200_000;

/** Messages are said once: this tab keeps them over a reload, and when another tab takes the session over. */
export function useKeptMessages(
  userId: string,
  heard: readonly SessionMessage[] | undefined,
): readonly SessionMessage[] {
  const key = `jobwire.messages.${userId}`;
  const [kept, setKept] = useState(() => readKept(key));
  useEffect(() => {
    if (!heard || heard.length === 0) return;
    setKept((before) => {
      const known = new Set(before.map(keyOfMessage));
      const added = heard.filter((message) => !known.has(keyOfMessage(message)));
      return added.length === 0 ? before : [...before, ...added].slice(-maxKept);
    });
  }, [heard]);
  useEffect(() => {
    let texts = kept.map((message) => JSON.stringify(message));
    while (texts.join().length > maxKeptLength) texts = texts.slice(1);
    sessionStorage.setItem(key, `[${texts.join()}]`);
  }, [key, kept]);
  return kept;
}

function readKept(key: string): readonly SessionMessage[] {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "[]") as (Omit<SessionMessage, "timestamp"> & {
    readonly timestamp: string;
  })[];
  return kept.map((message) => ({ ...message, timestamp: new Date(message.timestamp) }));
}
