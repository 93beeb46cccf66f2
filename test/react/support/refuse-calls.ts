import type { Send } from "./counting-client.js";

/** Calls of one procedure are refused by the server for good, as long as that is wanted. */
export function refuseCalls(path: string, isWanted = () => true): Send {
  return (url, init) => {
    const [procedure = ""] = url.split("?");
    return fetch(procedure.endsWith(`/${path}`) && isWanted() ? `${procedure}?input=1` : url, init);
  };
}
