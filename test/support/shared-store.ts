import type { Store } from "../../server/src/store/store.js";

/** The store as one of several that use it has it: closing theirs leaves it open. */
export function sharedStore(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return async () => {};
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
