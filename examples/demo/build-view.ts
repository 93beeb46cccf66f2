import type { JobStreamEvent } from "@jobwire/shared";
import { createLogUpdate } from "log-update";
import { formatSeconds, renderLine } from "./stage-line.js";
import { StageList } from "./stage-list.js";

/** Shows a job's events as they come. Dispose it before anything else is written. */
export interface BuildView extends Disposable {
  show(event: JobStreamEvent): void;
}

/** A live line for each stage on a terminal; elsewhere plain lines as things happen. */
export function createBuildView(stream: NodeJS.WriteStream): BuildView {
  return stream.isTTY && process.env["TERM"] !== "dumb" ? createLiveView(stream) : createPlainView(stream);
}

function createLiveView(stream: NodeJS.WriteStream): BuildView {
  const stages = new StageList();
  const update = createLogUpdate(stream);
  const render = () => update(stages.entries.map((entry) => renderLine(entry, stream.columns)).join("\n"));
  const clock = setInterval(render, frameMs);
  return {
    show(event) {
      stages.apply(event);
      render();
    },
    [Symbol.dispose]() {
      clearInterval(clock);
      render();
      update.done();
    },
  };
}

const frameMs = 100;

function createPlainView(stream: NodeJS.WriteStream): BuildView {
  const stages = new StageList();
  return {
    show(event) {
      stages.apply(event);
      const { last } = stages;
      if (event.type === "build.stage.started" && last?.state === "running")
        stream.write(`${last.label}...\n`);
      if (event.type === "build.stage.completed" && last) {
        stream.write(`  ${[formatSeconds(last.durationMs), last.message].join("  ").trimEnd()}\n`);
      }
    },
    [Symbol.dispose]() {},
  };
}
