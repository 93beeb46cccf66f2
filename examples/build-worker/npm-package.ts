import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const namesSchema = z.record(z.string(), z.string()).default({});

const npmPackageSchema = z.object({
  name: z.string().min(1).default("unnamed"),
  version: z.string().optional(),
  description: z.string().optional(),
  license: z.string().optional(),
  scripts: namesSchema,
  dependencies: namesSchema,
  devDependencies: namesSchema,
  optionalDependencies: namesSchema,
  peerDependencies: namesSchema,
  workspaces: z.unknown().optional(),
});

/** What a package.json says. */
export type NpmPackage = z.infer<typeof npmPackageSchema>;

/** @throws Error that says what is wrong with the folder's package.json. */
export async function readNpmPackage(folder: string): Promise<NpmPackage> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch((cause: unknown) => {
    throw new Error("There is no package.json: only npm projects can be built.", { cause });
  });
  const parsed = npmPackageSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`package.json is not valid:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Whether there may be anything to install. */
export function namesDependencies(npmPackage: NpmPackage): boolean {
  return npmPackage.workspaces !== undefined || dependencyNames(npmPackage).length > 0;
}

export function dependencyNames(npmPackage: NpmPackage): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = npmPackage;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies });
}

export async function hasLockFile(folder: string): Promise<boolean> {
  const isThere = async (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  return (await isThere("package-lock.json")) || (await isThere("npm-shrinkwrap.json"));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`package.json is not valid JSON: ${String(cause)}`, { cause });
  }
}
