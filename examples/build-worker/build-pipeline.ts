import type { Pipeline } from "@jobwire/client/worker";
import { ProjectBuild } from "./project-build.js";

/**
 * Builds npm projects from folders on this machine.
 * @param projects folder by name: the operator's list of what may be built.
 */
export function createBuildPipeline(projects: ReadonlyMap<string, string>): Pipeline {
  return {
    open({ project }) {
      const folder = projects.get(project ?? "");
      if (folder !== undefined) return new ProjectBuild(folder);
      const wrong =
        project === null ? "The job names no project" : `There is no project ${JSON.stringify(project)}`;
      throw new Error(`${wrong}. This worker builds: ${[...projects.keys()].join(", ")}.`);
    },
  };
}
