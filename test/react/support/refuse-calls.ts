/** A `fetch` whose calls of one procedure the server refuses for good, as long as that is wanted. */
export function refuseCalls(path: string, isWanted = () => true): typeof fetch {
  return (url, init) => {
    const [procedure = ""] = String(url).split("?");
    return fetch(procedure.endsWith(`/${path}`) && isWanted() ? `${procedure}?input=1` : url, init);
  };
}
