import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import type { Identity } from "../sign-in/identity.js";
import { addressOf, filtersOf, readQuery, type JobQuery } from "./job-query.js";

/** The query that stands in the address. What is chosen can be gone back from; what is typed replaces what was typed before. */
export function useJobQuery({ role }: Identity) {
  const address = useSearch();
  const [, navigate] = useLocation();
  const query = useMemo(() => readQuery(address), [address]);
  const filters = useMemo(
    () => filtersOf(query, { isService: role === "service", now: new Date() }),
    [query, role],
  );
  const ask = (changed: Partial<JobQuery>, { isTyped = false } = {}) =>
    navigate(addressOf({ ...query, ...changed }), { replace: isTyped });
  return { query, filters, ask };
}
