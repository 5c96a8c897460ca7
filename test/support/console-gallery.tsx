import { Hono } from "hono";
import { Badge } from "../../src/console/components/badge.tsx";
import { Banner } from "../../src/console/components/banner.tsx";
import { Button, ButtonLink } from "../../src/console/components/button.tsx";
import { CodeBlock } from "../../src/console/components/code-block.tsx";
import { DataTable } from "../../src/console/components/data-table.tsx";
import { EmptyState } from "../../src/console/components/empty-state.tsx";
import { FactList } from "../../src/console/components/facts.tsx";
import { SelectField, TextArea, TextField } from "../../src/console/components/fields.tsx";
import { ForeignText } from "../../src/console/components/foreign-text.tsx";
import { Pager } from "../../src/console/components/pager.tsx";
import { Time } from "../../src/console/components/time.tsx";
import type { ConsoleEnv } from "../../src/console/console-env.ts";
import { page } from "../../src/console/layout.tsx";

const TONES = ["good", "warn", "bad", "wait", "calm"] as const;

/** A page with every component on it, for tests of their looks. */
export function createGallery(): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();
  app.get("/", (c) => {
    const now = c.get("at");
    const rows = ["create_expense", "delete_customer"];
    const frame = { title: "Gallery", area: "gallery", count: 3, lead: "Every component there is." };
    return page(
      c,
      { ...frame, notice: { tone: "good", text: "It worked." } },
      <>
        <Banner tone="warn">Something to know.</Banner>
        <Banner tone="bad">It did not work.</Banner>
        <p>
          {TONES.map((tone) => (
            <Badge tone={tone}>{tone}</Badge>
          ))}
        </p>
        <DataTable
          caption="Calls"
          rowId={(tool) => `row-${tool}`}
          rows={rows}
          columns={[
            { title: "Tool", cell: (tool) => <a href="/console/gallery">{tool}</a> },
            { title: "When", cell: () => <Time at={now - 180_000} now={now} /> },
            { title: "Calls", kind: "number", cell: () => 12 },
            { title: "", kind: "action", cell: () => <ButtonLink href="/console/gallery">Look</ButtonLink> },
          ]}
        />
        <Pager url="/console/gallery?state=x" cursor="a" next="b" />
        <div class="columns">
          <section class="panel">
            <h2>Facts</h2>
            <FactList
              entries={[
                ["Text", <ForeignText text={`<b>bold</b> \u202eturned ${"long ".repeat(200)}`} />],
                ["Nothing", undefined],
              ]}
            />
          </section>
          <form class="panel" action="/console/gallery">
            <TextField label="Name" name="name" hint="As in the file." error="There is none of this name." />
            <TextArea label="Arguments" name="args" code value={'{"amount": 1}'} />
            <SelectField label="State" name="state" value="b" options={[{ value: "b", label: "Pending" }]} />
            <div class="actions">
              <Button>Approve</Button>
              <Button tone="danger">Reject</Button>
              <Button tone="plain">Cancel</Button>
            </div>
          </form>
        </div>
        <CodeBlock label="A line" text={`portcullis ${"very-long-word-".repeat(20)}`} />
        <EmptyState title="Nothing waits">
          <p>Calls that wait for people stand here.</p>
        </EmptyState>
      </>,
    );
  });
  return app;
}
