import { lazy, type ComponentType } from "react";

/** The script of a page did not come: no network, no server, or a newer version in its place. */
export class PageNotLoaded extends Error {}

type Load<Props> = () => Promise<ComponentType<Props>>;

const loads = new Set<() => Promise<unknown>>();
const failures = new Set<() => void>();

/** A page whose script comes when it is first shown, or by `loadPagesAhead`. */
export function lazyPage<Props extends object>(load: Load<Props>): ComponentType<Props> {
  const create = () =>
    lazy(async () => {
      try {
        return { default: await load() };
      } catch (cause) {
        failures.add(() => (Page = create()));
        throw new PageNotLoaded("The script of this page did not load.", { cause });
      }
    });
  let Page = create();
  loads.add(load);
  return (props: Props) => <Page {...props} />;
}

/** What failed is asked for again when it is next shown; React keeps the failure otherwise. */
export function forgetFailedLoads(): void {
  for (const forget of failures) forget();
  failures.clear();
}

/**
 * So that one can go everywhere also when the server is away, or another version of it is there. One after the other: a page
 * that has come may name others.
 */
export async function loadPagesAhead(): Promise<void> {
  for (const load of loads) await load().catch(() => {});
}
