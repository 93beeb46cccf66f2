import { useCallback, useEffect, useState } from "react";
import { forgetIdentity, recallIdentity, signOutOfHost, type Identity } from "./identity.js";
import { openTabs } from "./tab-identity.js";

export type SignInState =
  | { readonly kind: "checking" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "signed-out"; readonly handsOutTokens: boolean }
  | {
      readonly kind: "signed-in";
      readonly identity: Identity;
      /** Signing out was tried: the cookie is one that this server cannot clear. */
      readonly isHeldByHost: boolean;
    };

interface Check {
  /** Whether another tab may sign this one in: not when one has just signed out. */
  readonly asksTabs: boolean;
  readonly isHeldByHost?: boolean;
  readonly isWanted?: () => boolean;
}

export function useSignIn() {
  const [state, setState] = useState<SignInState>({ kind: "checking" });

  const check = useCallback(async ({ asksTabs, isHeldByHost = false, isWanted = () => true }: Check) => {
    try {
      const { identity, handsOutTokens } = await recallIdentity({ asksTabs });
      if (isWanted())
        setState(
          identity ? { kind: "signed-in", identity, isHeldByHost } : { kind: "signed-out", handsOutTokens },
        );
    } catch {
      if (isWanted()) setState({ kind: "unreachable" });
    }
  }, []);

  useEffect(() => {
    let isWanted = true;
    void check({ asksTabs: true, isWanted: () => isWanted });
    return () => {
      isWanted = false;
    };
  }, [check]);

  const token = state.kind === "signed-in" ? state.identity.token : null;
  const { kind } = state;
  useEffect(() => {
    const tabs = openTabs();
    tabs.listen((message) => {
      if (message.kind === "ask" && token !== null) tabs.say({ kind: "token", token });
      // Signed in elsewhere while this tab waits for it, or signed out elsewhere.
      if (message.kind === "signed-in" && kind === "signed-out") void check({ asksTabs: true });
      if (message.kind === "signed-out" && kind === "signed-in") {
        forgetIdentity();
        void check({ asksTabs: false });
      }
    });
    if (token !== null) tabs.say({ kind: "signed-in" });
    return () => tabs[Symbol.dispose]();
  }, [token, kind, check]);

  const signOut = async () => {
    forgetIdentity();
    const isHost = kind === "signed-in" && token === null;
    // Nothing of the page asks for anything any more when the cookie goes.
    setState({ kind: "checking" });
    if (isHost) await signOutOfHost().catch(() => {});
    using tabs = openTabs();
    tabs.say({ kind: "signed-out" });
    await check({ asksTabs: false, isHeldByHost: isHost });
  };
  return {
    state,
    signIn: (identity: Identity) => setState({ kind: "signed-in", identity, isHeldByHost: false }),
    signOut: () => void signOut(),
    tryAgain: () => void check({ asksTabs: true }),
  };
}
