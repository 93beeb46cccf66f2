import { useCallback, useEffect, useState } from "react";
import { forgetIdentity, recallIdentity, type Identity } from "./identity.js";

export type SignInState =
  | { readonly kind: "checking" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "signed-out"; readonly handsOutTokens: boolean }
  | { readonly kind: "signed-in"; readonly identity: Identity };

export function useSignIn() {
  const [state, setState] = useState<SignInState>({ kind: "checking" });

  const check = useCallback(async (isWanted: () => boolean) => {
    try {
      const { identity, handsOutTokens } = await recallIdentity();
      if (isWanted())
        setState(identity ? { kind: "signed-in", identity } : { kind: "signed-out", handsOutTokens });
    } catch {
      if (isWanted()) setState({ kind: "unreachable" });
    }
  }, []);

  useEffect(() => {
    let isWanted = true;
    void check(() => isWanted);
    return () => {
      isWanted = false;
    };
  }, [check]);

  return {
    state,
    signIn: (identity: Identity) => setState({ kind: "signed-in", identity }),
    signOut: () => {
      forgetIdentity();
      setState({ kind: "checking" });
      void check(() => true);
    },
    tryAgain: () => void check(() => true),
  };
}
