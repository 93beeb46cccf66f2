import { createConnectionMonitor, sseLink } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import superjson from "superjson";

/** Runs in a page: one shared subscription, and what it has given. */

export interface Tab {
  readonly offsets: number[];
  readonly state: () => string;
  readonly isOver: () => boolean;
  readonly clientId: () => Promise<string | undefined>;
}

export interface TabStart {
  readonly input: object;
  readonly shareAs?: string | undefined;
  readonly pauseWhenHidden?: boolean;
}

interface Locks {
  request(name: string, held: () => Promise<void>): Promise<void>;
  query(): Promise<{ readonly held: readonly { readonly name: string; readonly clientId: string }[] }>;
}

function start({ input, shareAs, ...options }: TabStart): void {
  const page = globalThis as unknown as {
    location: { origin: string };
    navigator: { locks: Locks };
    tab: Tab;
  };
  const monitor = createConnectionMonitor();
  const client = createTRPCUntypedClient({
    links: [
      sseLink({
        ...options,
        url: `${page.location.origin}/`,
        monitor,
        transformer: superjson,
        shareAs: () => shareAs,
      }),
    ],
  });
  const offsets: number[] = [];
  let isOver = false;
  client.subscription("topic", input, {
    onData: (item) => offsets.push(Number((item as { id: string }).id.split(":")[1])),
    onComplete: () => (isOver = true),
  });
  const { locks } = page.navigator;
  page.tab = {
    offsets,
    state: () => monitor.getSnapshot().state,
    isOver: () => isOver,
    async clientId() {
      const name = `who am I ${Math.random()}`;
      let clientId: string | undefined;
      await locks.request(name, async () => {
        const { held } = await locks.query();
        clientId = held.find((lock) => lock.name === name)?.clientId;
      });
      return clientId;
    },
  };
}

Object.assign(globalThis, { startTab: start });
