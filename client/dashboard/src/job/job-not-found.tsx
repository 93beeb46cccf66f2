import { Link } from "wouter";

export function JobNotFound() {
  return (
    <div className="empty">
      <title>Not found · Jobwire</title>
      <h1>There is no such job</h1>
      <p>
        It may be somebody else's, it may have been removed, or its time is over: finished jobs are kept for a
        day unless the server says otherwise.
      </p>
      <Link href="/" className="button">
        All jobs
      </Link>
    </div>
  );
}
