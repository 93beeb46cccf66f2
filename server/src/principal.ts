import type { Role } from "@jobwire/shared";

/** Who calls. */
export interface Caller {
  readonly userId: string;
  readonly role: Role;
}

/** What a verified token says of who calls. */
export interface Principal extends Caller {
  /** The `exp` claim: streams of this token end then. */
  readonly expiresAt: Date;
}
