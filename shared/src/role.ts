/** Users see and act on what is theirs; services drive jobs and may read any. */
export const roles = ["user", "service"] as const;

/** One of `roles`. */
export type Role = (typeof roles)[number];
