import type { AnnouncedVersion, AnnounceVersionInput } from "@jobwire/shared";
import type { SessionRegistry } from "../sessions/session-registry.js";

export interface VersionServiceOptions {
  readonly sessions: SessionRegistry;
  /** The version that runs. */
  readonly current: () => Promise<Omit<AnnouncedVersion, "pending">>;
}

/** Which version a session is to be told of. What was announced stays pending: being told does not clear it. */
export class VersionService {
  constructor(private readonly options: VersionServiceOptions) {}

  /**
   * Announces a version to one session or to all, also to those that connect later.
   * @returns for how many live connections it was committed.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  announce({ version, changelog, requestId }: AnnounceVersionInput): Promise<number> {
    return this.options.sessions.announce({ version, changelog: changelog || null }, requestId);
  }

  /** What was announced last, to this session or to all; else the version that runs. @throws AppError `STORE_UNAVAILABLE` */
  async versionFor(requestId: string): Promise<AnnouncedVersion> {
    const { sessions, current } = this.options;
    return (await sessions.announcedTo(requestId)) ?? { ...(await current()), pending: false };
  }
}
