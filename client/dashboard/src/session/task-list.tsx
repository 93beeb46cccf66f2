import type { SessionTask } from "@jobwire/client/react";
import { TaskRow } from "./task-row.js";

export function TaskList({ tasks }: { readonly tasks: readonly SessionTask[] }) {
  if (tasks.length === 0) {
    return <p className="soft small">None yet. Export the events of a finished job from its page.</p>;
  }
  return (
    <ul className="tasks">
      {tasks.map((task) => (
        <li key={task.id}>
          <TaskRow task={task} />
        </li>
      ))}
    </ul>
  );
}
