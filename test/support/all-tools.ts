import { compileToolRules } from "../../src/catalog/tool-rules.ts";

/** An operator who has nothing to say: every tool, as its server describes it. */
export const ALL_TOOLS = compileToolRules({ allow: ["*"], deny: [], annotations: {} });
