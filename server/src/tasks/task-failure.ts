/** Why a task ends without a result, in words for whoever started it. Other errors are ours: they only go to the log. */
export class TaskFailure extends Error {
  override readonly name = "TaskFailure";
}
