import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { ConnectionIndicator } from "../connection/connection-indicator.js";
import { Bell } from "../notices/bell.js";
import { VersionBanner } from "../session/version-banner.js";
import type { Identity } from "../sign-in/identity.js";
import { JobIcon } from "./job-icon.js";
import { isReturning } from "./returning.js";
import { Wordmark } from "./wordmark.js";

export interface FrameProps {
  readonly identity: Identity;
  /** Signing out was tried, and the application around keeps the person signed in. */
  readonly isHeldByHost: boolean;
  readonly onSignOut: () => void;
  readonly children: ReactNode;
}

/** What is around every page: where one can go, how the connection is, what there is to hear, and who one is. */
export function Frame({ identity, isHeldByHost, onSignOut, children }: FrameProps) {
  const main = useFocusOnNavigation();
  const isService = identity.role === "service";
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
          <Navigation isService={isService} />
          <ConnectionIndicator onSignIn={onSignOut} />
          <div className="who">
            <Bell userId={identity.userId} />
            <span className="who-name" title={isService ? `${identity.userId}, a service` : identity.userId}>
              <span className="unseen">Signed in as </span>
              <bdi>{identity.userId}</bdi>
              {isService && <span className="label"> service</span>}
            </span>
            <button type="button" className="button button-quiet button-small sign-out" onClick={onSignOut}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <VersionBanner />
      <JobIcon />
      <main id="content" ref={main} tabIndex={-1}>
        {isHeldByHost && (
          <p role="alert" className="notice frame-notice">
            The application that signed you in still does. Sign out there.
          </p>
        )}
        {children}
      </main>
    </>
  );
}

const destinations = [
  { href: "/", label: "Jobs", isHere: (path: string) => path === "/" || path.startsWith("/jobs/") },
  { href: "/spools", label: "Spools", isHere: (path: string) => path === "/spools" },
  { href: "/session", label: "Session", isHere: (path: string) => path === "/session" },
  { href: "/fleet", label: "Fleet", isHere: (path: string) => path === "/fleet" },
];

function Navigation({ isService }: { readonly isService: boolean }) {
  const [path] = useLocation();
  return (
    <nav aria-label="Pages">
      <ul>
        {destinations
          .filter(({ href }) => isService || href !== "/fleet")
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

/** A keyboard or screen reader goes on at the new page, not where the link was. Back leads to where one was. */
function useFocusOnNavigation() {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
    if (!isReturning()) window.scrollTo(0, 0);
  }, [path]);
  return main;
}
