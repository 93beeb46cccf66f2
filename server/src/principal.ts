import type { Role } from "@jobwire/shared";

/** Who calls: what a verified token says. */
export interface Principal {
  /** The `sub` claim. */
  readonly userId: string;
  readonly role: Role;
  /** The `exp` claim: streams of this token end then. */
  readonly expiresAt: Date;
}
