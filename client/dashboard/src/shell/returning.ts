/**
 * Whether one has come here by Back, Forward or a reload, not by a link. It has to hear of it before the router does,
 * which may show the other page at once: so it listens from the time it is loaded.
 */
export function isReturning(): boolean {
  return returning;
}

let returning = isReload();
window.addEventListener("popstate", () => (returning = true));
window.addEventListener("pushState", () => (returning = false));
window.history.scrollRestoration = "manual";

function isReload(): boolean {
  const [entry] = performance.getEntriesByType("navigation");
  return entry !== undefined && "type" in entry && (entry.type === "reload" || entry.type === "back_forward");
}
