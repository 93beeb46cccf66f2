/**
 * Tabs of this origin hand the token over to each other, so that a second tab is signed in too and none of them has to keep it
 * where it outlives them all. Only pages of this origin can hear what is said here, and they could ask for it anyway.
 */
type TabMessage =
  | { readonly kind: "ask" }
  | { readonly kind: "token"; readonly token: string }
  /** News, for those who are not, or still are. */
  | { readonly kind: "signed-in" }
  | { readonly kind: "signed-out" };

const channelName = "jobwire sign-in";
/** A tab that is there answers sooner. */
const patienceMs = 300;

/** @returns the token of a tab that is signed in; `null` when none says so. */
export async function askOtherTabs(): Promise<string | null> {
  if (typeof BroadcastChannel === "undefined") return null;
  using tabs = openTabs();
  return await new Promise((resolve) => {
    tabs.listen((message) => {
      if (message.kind === "token") resolve(message.token);
    });
    tabs.say({ kind: "ask" });
    setTimeout(() => resolve(null), patienceMs);
  });
}

/** What a tab says to the others, and what it hears from them until it is disposed. */
export function openTabs() {
  const channel = new BroadcastChannel(channelName);
  return {
    say: (message: TabMessage) => channel.postMessage(message),
    listen: (hear: (message: TabMessage) => void) =>
      channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => hear(data)),
    [Symbol.dispose]: () => channel.close(),
  };
}
