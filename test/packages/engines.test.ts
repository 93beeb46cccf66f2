import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { satisfies } from "semver";
import { expect, test } from "vitest";
import { packageNames, root } from "./packed-packages.js";

/** The oldest versions of Node that Jobwire names. */
const nodes = ["20.19.0", "22.0.0", "24.0.0"];

interface Locked {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * What a user gets does not go by this lock file, but by ranges: `@jobwire/server` depends on light-my-request, which Fastify
 * brings and it does not use, because a newer one in Fastify's range wants Node 22.
 */
test("nothing that the packages depend on asks for another Node than they do", async () => {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const places = new Set<string>(packageNames);
  for (const place of places)
    for (const name of Object.keys(lock.packages[place]?.dependencies ?? {}))
      places.add(placeOf(name, place, lock.packages));
  expect(places.size).toBeGreaterThan(60);
  const refusals = [...places].flatMap((place) => {
    const wanted = lock.packages[place]?.engines?.node ?? "*";
    return nodes
      .filter((node) => !satisfies(node, wanted))
      .map((node) => `${place} refuses ${node}: ${wanted}`);
  });
  expect(refusals).toEqual([]);
  expect(lock.packages["node_modules/light-my-request"]?.version).toBe(
    lock.packages["server"]?.dependencies?.["light-my-request"],
  );
});

/** Where Node finds it: in the nearest `node_modules`. */
function placeOf(name: string, from: string, packages: Record<string, Locked>): string {
  if (name.startsWith("@jobwire/")) return name.slice("@jobwire/".length);
  for (let folder = from; ; folder = folder.replace(/(^|\/)(?:node_modules\/)?(?:@[^/]+\/)?[^/]+$/, "")) {
    const place = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (place in packages) return place;
    if (folder === "") throw new Error(`${name} is not in the lock file, but ${from} depends on it.`);
  }
}
