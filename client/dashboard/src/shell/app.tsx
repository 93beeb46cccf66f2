import { JobwireProvider } from "@jobwire/client/react";
import { BrowserSessionProvider } from "../session/browser-session.js";
import { AuthorizedFetchContext } from "../sign-in/authorized-fetch.js";
import type { Identity } from "../sign-in/identity.js";
import { SignInPage } from "../sign-in/sign-in-page.js";
import { useSignIn } from "../sign-in/use-sign-in.js";
import { Frame } from "./frame.js";
import { Opening } from "./opening.js";
import { Pages } from "./pages.js";
import { Unreachable } from "./unreachable.js";
import { useClients } from "./use-clients.js";

export function App() {
  const { state, signIn, signOut, tryAgain } = useSignIn();
  switch (state.kind) {
    case "signed-in":
      return <SignedIn key={state.identity.userId} identity={state.identity} onSignOut={signOut} />;
    case "signed-out":
      return <SignInPage handsOutTokens={state.handsOutTokens} onSignedIn={signIn} />;
    case "unreachable":
      return <Unreachable onTryAgain={tryAgain} />;
    case "checking":
    default:
      return <Opening />;
  }
}

interface SignedInProps {
  readonly identity: Identity;
  readonly onSignOut: () => void;
}

function SignedIn({ identity, onSignOut }: SignedInProps) {
  const clients = useClients(identity);
  return (
    <AuthorizedFetchContext value={clients.fetch}>
      <JobwireProvider client={clients.page}>
        <BrowserSessionProvider client={clients.session} userId={identity.userId}>
          <Frame identity={identity} onSignOut={onSignOut}>
            <Pages identity={identity} />
          </Frame>
        </BrowserSessionProvider>
      </JobwireProvider>
    </AuthorizedFetchContext>
  );
}
