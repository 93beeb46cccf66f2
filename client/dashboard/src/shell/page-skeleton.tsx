/** In the place of a page whose script or content is on its way. */
export function PageSkeleton() {
  return (
    <div className="skeleton-page" role="status" aria-label="Loading">
      <span className="skeleton skeleton-title" />
      <span className="skeleton skeleton-block" />
      <span className="skeleton skeleton-block" />
    </div>
  );
}
