/** What is published in every scenario, to every contender. */
export interface BenchEvent {
  /** 1, 2, 3 … in its topic. */
  readonly seq: number;
  /** About 250 bytes of JSON, one line; `seq` and `sentAtUs` come first. */
  readonly json: string;
}

/** What stands before the two numbers that the load process reads from the bytes of an event. */
export const seqMark = '"seq":';
export const sentAtMark = ',"sentAtUs":';

/** No two events of one stream are closer to each other than so many bytes: what a scan may skip. */
export const minEventBytes = 200;

const rest = JSON.stringify({
  type: "build.progress",
  jobId: "01932c07-20a5-7b32-9c1e-7ad1f1c0b9a4",
  stage: "checks",
  percent: 42,
  message: "Running 318 of 742 checks; the last one was layout/footer on a narrow screen",
}).slice(1);

export function createEvent(seq: number): BenchEvent {
  return { seq, json: `{${seqMark}${seq}${sentAtMark}${nowUs()},${rest}` };
}

/** A clock that all processes of one machine share, in microseconds. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
