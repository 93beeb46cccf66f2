import { Link } from "wouter";

/** For an address that leads nowhere. */
export function NothingHere() {
  return (
    <div className="empty">
      <title>Nothing here · Jobwire</title>
      <h1>There is nothing here</h1>
      <p>No page has this address. It may have been mistyped, or the page has moved.</p>
      <Link href="/" className="button">
        All jobs
      </Link>
    </div>
  );
}
