import { counted } from "../../core/counted.ts";
import type { UpstreamTest } from "../../operations/upstreams/upstreams.ts";
import { Banner } from "../components/banner.tsx";
import { DataTable } from "../components/data-table.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { adviceFor } from "./advice.ts";
import { protocolOf } from "./state.tsx";

/** Most tools of a test that are listed; all of them stand in the list of tools once the server is up. */
const MAX_LISTED = 100;

/** What came of connecting to a server once. */
export function ConnectionTestResult({ test }: { readonly test: UpstreamTest }) {
  if (!test.ok) {
    return (
      <Banner tone="bad">
        The test failed after {test.ms} ms: <ForeignText text={test.why} multiline />
        <div>{adviceFor(test.why)}</div>
      </Banner>
    );
  }
  const { tools, ms, status } = test;
  return (
    <>
      <Banner tone="good">
        The test succeeded in {ms} ms ({protocolOf(status)}): {counted(tools.length, "tool")}.
      </Banner>
      {tools.length === 0 ? null : (
        <DataTable
          caption="Tools that the test found"
          columns={[
            { title: "Tool", cell: ({ name }) => <ForeignText text={name} fold={120} /> },
            {
              title: "Description",
              cell: ({ description }) =>
                description === undefined ? "" : <ForeignText text={description} fold={200} />,
            },
          ]}
          rows={tools.slice(0, MAX_LISTED)}
        />
      )}
      {tools.length > MAX_LISTED ? <p>And {tools.length - MAX_LISTED} more.</p> : null}
    </>
  );
}
