import type { Child } from "hono/jsx";
import { durationText } from "../../core/duration.ts";
import { refusalText } from "../../core/errors.ts";
import type { PolicyDryRun } from "../../operations/policies/policies.ts";
import { consultedTexts, hasConsultations } from "../../policy/consult.ts";
import { Badge, type BadgeTone } from "../components/badge.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { policyLink } from "../policy-words/links.ts";
import { callerWords, oneOfWords, SIGN_IN_LACKS, signInWords } from "../policy-words/words.ts";
import { explainCommand } from "./explain-command.ts";
import { Verdicts } from "./verdicts.tsx";

/** What the gateway would do with a tried call, and why. */
export function DryRunResult({ dryRun }: { readonly dryRun: PolicyDryRun }) {
  const { decision, refusal } = dryRun;
  const command = explainCommand(dryRun.call);
  const { tone, word, text } = verdictOf(dryRun);
  return (
    <section class="panel result" aria-labelledby="result">
      <h2 id="result">
        <Badge tone={tone}>{word}</Badge> {text}
      </h2>
      <p class="as">
        <ForeignText text={callerWords(dryRun.call)} />
      </p>
      {refusal === undefined ? null : (
        <p>
          <ForeignText text={refusalText(refusal)} />
        </p>
      )}
      {decision.effect === "allow" || refusal !== undefined ? null : (
        <p>
          By <PolicyName id={decision.policy} />, which tells the agent:
        </p>
      )}
      {decision.effect === "allow" || refusal !== undefined ? null : (
        <blockquote>
          <ForeignText text={decision.message} multiline />
        </blockquote>
      )}
      {decision.hidden === true ? (
        <p>The caller does not see this tool: it is not listed, and the answer is that of one that does not exist.</p>
      ) : null}
      <SignIn dryRun={dryRun} />
      <Approval dryRun={dryRun} />
      {refusal === undefined ? <Limits dryRun={dryRun} /> : null}
      {refusal === undefined ? <Consulted decision={decision} /> : null}
      {decision.inspectsResult === true && refusal === undefined ? (
        <p>Policies that redact would look at the result before the agent sees it.</p>
      ) : null}
      <Verdicts policies={dryRun.policies} />
      <details class="more">
        <summary>Keep it as a test</summary>
        <p class="soft">Put this into a *.test.yaml beside the policies; `portcullis policy test` runs it.</p>
        <CodeBlock label="A test that expects this decision" text={dryRun.test} />
      </details>
      {command === undefined ? null : (
        <details class="more">
          <summary>Explain it in a terminal</summary>
          <p class="soft">Decides over the files as they are there, also before they are in force here.</p>
          <CodeBlock label="A command that explains this call" text={command} />
        </details>
      )}
    </section>
  );
}

interface Verdict {
  readonly tone: BadgeTone;
  readonly word: string;
  readonly text: string;
}

function verdictOf({ decision, refusal, signIn, approvals }: PolicyDryRun): Verdict {
  if (refusal !== undefined)
    return { tone: "bad", word: "refused", text: "The call would be refused for its arguments." };
  switch (decision.effect) {
    case "allow":
      return hasConsultations(decision)
        ? UNLESS_REFUSED
        : { tone: "good", word: "allowed", text: "The call would be made." };
    case "deny":
    case "rate_limit":
      return { tone: "bad", word: "denied", text: "The call would be refused." };
    case "hide":
      return { tone: "bad", word: "hidden", text: "The tool does not exist for this caller." };
    case "step_up":
      if (signIn === "machine") return { tone: "bad", word: "denied", text: "The call would be refused." };
      if (signIn !== "token") {
        return { tone: "wait", word: "step up", text: "The caller would be asked to sign in again." };
      }
      return approvals.length > 0 ? WAITS : { tone: "good", word: "allowed", text: "The call would be made." };
    case "request_approval":
      return WAITS;
    default:
      return decision satisfies never;
  }
}

const UNLESS_REFUSED: Verdict = {
  tone: "wait",
  word: "allowed",
  text: "The call would be made, unless whoever is asked refuses it.",
};
const WAITS: Verdict = { tone: "wait", word: "approval", text: "The call would wait until people approve it." };

function Consulted({ decision }: Pick<PolicyDryRun, "decision">) {
  const texts = consultedTexts(decision);
  if (texts.length === 0) return null;
  return (
    <ul>
      {texts.map((text) => (
        <li>{text}</li>
      ))}
    </ul>
  );
}

function PolicyName({ id }: { readonly id: string }) {
  return id.includes(".") ? <code>{id}</code> : <a href={policyLink(id)}>{id}</a>;
}

function SignIn({ dryRun: { decision, signIn } }: { readonly dryRun: PolicyDryRun }) {
  if (decision.effect !== "step_up" || signIn === undefined) return null;
  return (
    <Part title="The sign-in">
      <ul>
        {signInWords(decision.stepUp).map((words) => (
          <li>
            <ForeignText text={words} />
          </li>
        ))}
      </ul>
      <p>{SIGN_IN_LACKS[signIn]}</p>
    </Part>
  );
}

function Approval({ dryRun: { decision, approvals, request } }: { readonly dryRun: PolicyDryRun }) {
  if (approvals.length === 0 || request === undefined) return null;
  const { snapshot, pendingTtlMs, runAtOnce } = request;
  // What the agent is told stands above.
  const others = approvals.filter(({ policy }) => decision.effect !== "allow" && policy !== decision.policy);
  const run = runAtOnce ? "it is run at once" : `the agent may run it for ${durationText(snapshot.executeTtlMs)}`;
  return (
    <Part title="The approval">
      <ol>
        {snapshot.stages.map(({ flow, approvers, required, escalate }) => (
          <li>
            {required === 1 ? "One" : required} of <ForeignText text={whoText(approvers)} />{" "}
            <span class="soft">({flow})</span>
            {escalate === undefined ? null : (
              <>
                ; after {durationText(escalate.afterMs)} also <ForeignText text={whoText(escalate.to)} />
              </>
            )}
          </li>
        ))}
      </ol>
      <p>
        People are asked for {durationText(pendingTtlMs)}; once approved, {run}.
        {snapshot.requesterMayApprove ? " Whoever asks may approve." : ""}
      </p>
      {others.map(({ policy, message }) => (
        <p>
          <PolicyName id={policy} /> tells them: <ForeignText text={message} />
        </p>
      ))}
    </Part>
  );
}

function whoText({ roles, users }: { readonly roles: readonly string[]; readonly users: readonly string[] }): string {
  return oneOfWords([...roles.map((role) => `role ${role}`), ...users]);
}

function Limits({ dryRun: { decision } }: { readonly dryRun: PolicyDryRun }) {
  if (decision.limits === undefined) return null;
  return (
    <Part title="Limits it counts against">
      <ul>
        {decision.limits.map(({ policy, limit, windowMs, cost }) => (
          <li>
            It takes {cost} of the {limit} that <PolicyName id={policy} /> allows in {durationText(windowMs)}. How much
            is left is not looked at here.
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Part({ title, children }: { readonly title: string; readonly children?: Child }) {
  return (
    <>
      <h3>{title}</h3>
      {children}
    </>
  );
}
