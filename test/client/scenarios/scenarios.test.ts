import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { deliveryScenarios } from "./delivery.js";
import { errorScenarios } from "./errors.js";
import { ourLink, stockLink } from "./link-under-test.js";
import { outageScenarios } from "./outages.js";
import type { Scenario } from "./scenario.js";
import { tokenScenarios } from "./tokens.js";

/** One suite for tRPC's own link and for ours; the table of docs/client.md is what it has shown. */

const scenarios: readonly Scenario[] = [
  ...deliveryScenarios,
  ...outageScenarios,
  ...errorScenarios,
  ...tokenScenarios,
];

/** What each link was seen to do. */
const shown = new Map<string, string>();

describe.each([ourLink, stockLink])("$name", (link) => {
  const stockOf = ({ stock }: Scenario) => (link === stockLink ? stock : undefined);
  const named = scenarios.map((scenario) => {
    const instead = stockOf(scenario)?.instead;
    return [instead === undefined ? scenario.title : `${scenario.title}: ${instead}`, scenario] as const;
  });

  test.each(named)("%s", { timeout: 40_000 }, async (_, scenario) => {
    const differs = stockOf(scenario);
    await (differs?.run ?? scenario.run)(link);
    shown.set(`${link.name}: ${scenario.title}`, differs?.instead ?? "yes");
  });
});

const docs = new URL("../../../docs/client.md", import.meta.url);
const [begin, end] = ["<!-- what the scenarios show -->\n", "<!-- end -->"];

/** `WRITE_DOCS=1 npx vitest run test/client/scenarios` brings it up to date. */
test("the table in docs/client.md is what the scenarios have shown", async (context) => {
  if (shown.size < 2 * scenarios.length) context.skip("not every scenario has run and passed");
  const text = await readFile(docs, "utf8");
  const [before = "", rest = ""] = text.split(begin);
  const [table, after = ""] = rest.split(end);
  const expected = tableOf(scenarios);
  if (process.env["WRITE_DOCS"]) await writeFile(docs, `${before}${begin}${expected}${end}${after}`);
  else expect(table).toBe(expected);
});

function tableOf(rows: readonly Scenario[]): string {
  const cells = (...texts: readonly (string | undefined)[]) => `| ${texts.join(" | ")} |`;
  return [
    cells("what happens", "`sseLink`", "`httpSubscriptionLink`"),
    cells("---", "---", "---"),
    ...rows.map(({ title }) =>
      cells(title, shown.get(`${ourLink.name}: ${title}`), shown.get(`${stockLink.name}: ${title}`)),
    ),
    "",
  ].join("\n");
}
