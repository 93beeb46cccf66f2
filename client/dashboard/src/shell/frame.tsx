import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { ConnectionIndicator } from "../connection/connection-indicator.js";
import { VersionBanner } from "../session/version-banner.js";
import type { Identity } from "../sign-in/identity.js";
import { Wordmark } from "./wordmark.js";

export interface FrameProps {
  readonly identity: Identity;
  readonly onSignOut: () => void;
  readonly children: ReactNode;
}

/** What is around every page: where one can go, how the connection is, and who one is. */
export function Frame({ identity, onSignOut, children }: FrameProps) {
  const main = useFocusOnNavigation();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="frame-header">
        <div className="frame-bar">
          <Link href="/" className="home" aria-label="Jobwire: jobs">
            <Wordmark />
          </Link>
          <Navigation isService={identity.role === "service"} />
          <ConnectionIndicator onSignIn={onSignOut} />
          <div className="who">
            <span>
              <span className="unseen">Signed in as </span>
              {identity.userId}
              {identity.role === "service" && <span className="label"> service</span>}
            </span>
            <button type="button" className="button button-quiet button-small" onClick={onSignOut}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <VersionBanner />
      <main id="content" ref={main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

const destinations = [
  { href: "/", label: "Jobs", isHere: (path: string) => path === "/" || path.startsWith("/jobs/") },
  { href: "/spools", label: "Spools", isHere: (path: string) => path === "/spools" },
  { href: "/session", label: "Session", isHere: (path: string) => path === "/session" },
  { href: "/operations", label: "Operations", isHere: (path: string) => path === "/operations" },
];

function Navigation({ isService }: { readonly isService: boolean }) {
  const [path] = useLocation();
  return (
    <nav aria-label="Pages">
      <ul>
        {destinations
          .filter(({ href }) => isService || href !== "/operations")
          .map(({ href, label, isHere }) => (
            <li key={href}>
              <Link href={href} aria-current={isHere(path) ? "page" : undefined}>
                {label}
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** A keyboard or screen reader goes on at the new page, not where the link was. */
function useFocusOnNavigation() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path]);
  return main;
}
