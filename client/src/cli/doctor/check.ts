/** What one check has found. */
export interface Finding {
  readonly check: string;
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export function pass(check: string, message: string): Finding {
  return { check, status: "pass", message };
}

export function warn(check: string, message: string, fix: string): Finding {
  return { check, status: "warn", message, fix };
}

export function fail(check: string, message: string, fix: string): Finding {
  return { check, status: "fail", message, fix };
}

export function skip(check: string, message: string): Finding {
  return { check, status: "skip", message };
}
