import { Window } from "happy-dom";

// React DOM asks for a window when it is loaded, so this is to be imported before it. Only what React DOM and the
// testing library look for: everything of the network stays Node's own.
const window = new Window({ url: "http://127.0.0.1/" });
const { document, navigator, Node, Element, HTMLElement, HTMLIFrameElement, MutationObserver } = window;

// tRPC takes a window's `fetch` first.
Object.assign(window, { fetch });
Object.assign(globalThis, {
  window,
  document,
  navigator,
  Node,
  Element,
  HTMLElement,
  HTMLIFrameElement,
  MutationObserver,
});
