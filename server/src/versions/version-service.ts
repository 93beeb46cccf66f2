import type { AnnouncedVersion, AnnounceVersionInput, SessionEvent } from "@jobwire/shared";
import type { SessionBroadcasts } from "../sessions/session-broadcasts.js";
import { sessionKey, sessionsIndex, sessionsScope } from "../sessions/session-keys.js";
import type { SessionStore } from "../sessions/session-store.js";
import type { StateRecord, Store } from "../store/store.js";

export interface VersionServiceOptions {
  readonly store: Store;
  readonly sessions: SessionStore;
  readonly broadcasts: SessionBroadcasts;
  /** The version that runs. */
  readonly current: () => Promise<Omit<AnnouncedVersion, "pending">>;
}

/** Holds the version that was announced to all; what was announced to one session is in the state of the session. */
const versionKey = "version";

/** Which version a session is to be told of. What was announced stays pending: being told does not clear it. */
export class VersionService {
  constructor(private readonly options: VersionServiceOptions) {}

  /**
   * Announces a version to one session or to all, also to those that connect later.
   * @returns for how many live connections it was committed.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async announce({ version, changelog = "", requestId }: AnnounceVersionInput): Promise<number> {
    const announcedAt = new Date();
    const set = { version, changelog, announcedAt: String(announcedAt.getTime()) };
    const event: SessionEvent = {
      type: "version.announced",
      timestamp: announcedAt,
      version,
      changelog: changelog || null,
      pending: true,
    };
    const audience = requestId === undefined ? "all" : { requestId };
    for (;;) {
      const committed = await this.options.broadcasts.commit({
        audience,
        events: [event],
        state: requestId === undefined ? { key: versionKey, set } : await this.#stateOf(requestId, set),
      });
      if (committed.accepted) return this.options.broadcasts.countLive(audience);
    }
  }

  /** What was announced last, to this session or to all; else the version that runs. @throws AppError `STORE_UNAVAILABLE` */
  async versionFor(requestId: string): Promise<AnnouncedVersion> {
    const { store, current } = this.options;
    const keys = [sessionKey(requestId), versionKey];
    const states = await Promise.all(keys.map((key) => store.readState({ scope: sessionsScope, key })));
    const [last] = states
      .flatMap((state) => readAnnounced(state) ?? [])
      .toSorted((one, other) => other.announcedAt - one.announcedAt);
    if (!last) return { ...(await current()), pending: false };
    const { version, changelog } = last;
    return { version, changelog, pending: true };
  }

  /** A session that nobody has opened yet is kept like one whose connection has ended. */
  async #stateOf(requestId: string, set: StateRecord) {
    const { sessions, store } = this.options;
    const { connectionId = "" } = (await sessions.find(requestId)) ?? {};
    return {
      key: sessionKey(requestId),
      expect: { connectionId: [connectionId] },
      set: connectionId === "" ? { ...set, endedAt: String(store.clock.now()) } : set,
      ...(connectionId === "" && { due: sessions.dropAtMs }),
      index: sessionsIndex,
    };
  }
}

function readAnnounced(state: StateRecord | null) {
  if (state?.version === undefined) return null;
  const { version, changelog, announcedAt } = state;
  return { version, changelog: changelog || null, announcedAt: Number(announcedAt) };
}
