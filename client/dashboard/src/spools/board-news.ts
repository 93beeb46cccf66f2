import { useEffect, useRef, useState } from "react";
import type { Spool } from "@jobwire/shared";

export interface BoardNews {
  readonly key: string;
  readonly text: string;
  readonly at: Date;
}

const maxNews = 6;

/** What has changed on the board while one looked, in words, the newest first. */
export function useBoardNews(spools: readonly Spool[] | null): readonly BoardNews[] {
  const [news, setNews] = useState<readonly BoardNews[]>([]);
  const before = useRef<ReadonlyMap<string, Spool> | null>(null);
  useEffect(() => {
    if (!spools) return;
    const known = before.current;
    before.current = new Map(spools.map((spool) => [spool.tagSpool, spool]));
    if (!known) return;
    const fresh = spools.flatMap((spool) => {
      const text = describeChange(known.get(spool.tagSpool), spool);
      const at = spool.updatedAt;
      return text === null ? [] : [{ key: `${spool.tagSpool} ${at.getTime()} ${text}`, text, at }];
    });
    if (fresh.length > 0)
      setNews((old) => [...fresh.toSorted((one, other) => +other.at - +one.at), ...old].slice(0, maxNews));
  }, [spools]);
  return news;
}

function describeChange(
  before: Spool | undefined,
  { tagSpool, workerNombre, completed, estadoDetalle }: Spool,
) {
  if (!before) return `${tagSpool} was put on the board`;
  if (workerNombre !== before.workerNombre) {
    if (workerNombre === null) return `${before.workerNombre} released ${tagSpool}`;
    return `${workerNombre} took ${tagSpool}`;
  }
  if (completed && !before.completed) return `${workerNombre} completed ${tagSpool}`;
  return estadoDetalle === before.estadoDetalle
    ? null
    : `${tagSpool} is now “${estadoDetalle ?? "without detail"}”`;
}
