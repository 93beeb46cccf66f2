/** Writes the reference: a page for each module that the packages export, of what its docstrings say. */
import { fileURLToPath } from "node:url";
import {
  Application,
  Converter,
  makeRecursiveVisitor,
  ReferenceType,
  ReflectionKind,
  TypeScript as ts,
  type Context,
  type ProjectReflection,
  type SomeType,
  type TypeDocOptions,
} from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";
import { entries } from "./entries.js";

const options: TypeDocOptions & PluginOptions = {
  plugin: ["typedoc-plugin-markdown", "typedoc-plugin-zod"],
  tsconfig: pathOf("docs/.vitepress/tsconfig.reference.json"),
  entryPoints: entries.map(({ source }) => pathOf(source)),
  out: pathOf("docs/reference"),
  router: "module",
  excludeScopesInPaths: true,
  readme: "none",
  excludeExternals: true,
  parametersFormat: "table",
  disableSources: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  // Anchors that no heading has: `@jobwire/client` would have that of `JobwireClient`, and `Job.status` that of `JobStatus`.
  useHTMLAnchors: true,
  anchorPrefix: "api-",
  sluggerConfiguration: { lowercase: false },
  logLevel: "Warn",
  validation: { notExported: false, notDocumented: true, invalidLink: true },
  packagesRequiringDocumentation: ["@jobwire/shared", "@jobwire/server", "@jobwire/client"],
  requiredToBeDocumented: [
    "Module",
    "Variable",
    "Function",
    "Class",
    "Interface",
    "TypeAlias",
    "Method",
    "Accessor",
  ],
};

const app = await Application.bootstrapWithPlugins(options);
keepAliases(app.converter);
app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
  shortenSchemas(project);
  nameOptions(project);
});

const modules = app.getEntryPoints() ?? [];
// Exports that lead nowhere. All else is for `npm run types`, with the compiler that builds the packages.
for (const { program, sourceFile } of modules)
  for (const { messageText } of program.getSemanticDiagnostics(sourceFile))
    app.logger.error(`${sourceFile.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
const reference = app.converter.convert(modules);
app.validate(reference);
await app.generateOutputs(reference);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url));
}

/** Shows a type by the alias it was written with, also where the compiler goes on with what the alias stands for. */
function keepAliases(converter: Converter): void {
  const convertType = converter.convertType.bind(converter);
  converter.convertType = (
    context: Context,
    type: ts.Type | ts.TypeNode | undefined,
    node?: ts.TypeNode,
  ): SomeType => {
    if (!type || "kind" in type) return convertType(context, type);
    // Where type parameters have become arguments, what was written is another type.
    const isAsWritten = node && isSame(type, context.checker.getTypeFromTypeNode(node), context.checker);
    return isAsWritten ? convertType(context, node) : convertType(context, type, node);
  };
}

/** Whether they are one type, but for the `undefined` of what is optional. */
function isSame(type: ts.Type, other: ts.Type, checker: ts.TypeChecker): boolean {
  return checker.getNonNullableType(type) === checker.getNonNullableType(other);
}

/** Leaves out what schemas are made of: the types that are inferred from them say it in fewer words. */
function shortenSchemas(project: ProjectReflection): void {
  const shortener = makeRecursiveVisitor({
    reference(type) {
      const isSchema = type.package === "zod" && /^\$?Zod/.test(type.name);
      if (!isSchema || type.typeArguments?.some(isOfProject)) return;
      for (const argument of type.typeArguments ?? []) project.removeTypeReflections(argument);
      delete type.typeArguments;
    },
  });
  for (const reflection of Object.values(project.reflections))
    if (reflection.isDeclaration() || reflection.isSignature() || reflection.isParameter())
      reflection.type?.visit(shortener);
}

function isOfProject(type: SomeType): boolean {
  return type instanceof ReferenceType && type.reflection !== undefined;
}

/** A parameter that is taken apart where it comes in has no name of its own. */
function nameOptions(project: ProjectReflection): void {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
    if (parameter.name === "__namedParameters") parameter.name = "options";
}
