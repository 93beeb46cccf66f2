import { JobwireProvider } from "@jobwire/client/react";
import { PageConnectionProvider } from "../connection/page-connection.js";
import { FleetHistoryProvider } from "../fleet/fleet-history.js";
import { EndWatchProvider } from "../notices/end-watch.js";
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
      return <SignedIn key={state.identity.userId} {...state} onSignOut={signOut} />;
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
  readonly isHeldByHost: boolean;
  readonly onSignOut: () => void;
}

function SignedIn({ identity, isHeldByHost, onSignOut }: SignedInProps) {
  const clients = useClients(identity);
  return (
    <AuthorizedFetchContext value={clients.fetch}>
      <JobwireProvider client={clients.page}>
        <BrowserSessionProvider client={clients.session} userId={identity.userId}>
          <PageConnectionProvider identity={identity}>
            <EndWatchProvider client={clients.session}>
              <FleetHistoryProvider>
                <Frame identity={identity} isHeldByHost={isHeldByHost} onSignOut={onSignOut}>
                  <Pages identity={identity} />
                </Frame>
              </FleetHistoryProvider>
            </EndWatchProvider>
          </PageConnectionProvider>
        </BrowserSessionProvider>
      </JobwireProvider>
    </AuthorizedFetchContext>
  );
}
